"""The engine, headless: songs, photos, emotion, matching, plans, films. It never prints, exits or reads settings."""

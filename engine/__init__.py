"""The engine, headless: songs, photos, emotion, matching, plans, films. It never prints, exits or reads settings."""

import os

# ONNX Runtime's wheels write an identifier for telemetry at import; everything stays on this computer.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

"""The show over the whole screen: the song's and the live one, each with its player, made when first wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QMainWindow

from engine.emotion import EmotionCurve
from slideshow.live_show import LiveShow
from slideshow.screens import Screens
from slideshow.session import Session
from slideshow.sound import Sound

if TYPE_CHECKING:
    from engine.plan import Plan
    from slideshow.player import Player


class FullScreen(QObject):
    """Opens the players and keeps them told. The import of the player would hold up the first window."""

    left = Signal()
    """The person has left the full screen."""
    song_step_asked = Signal(int)
    """The next song is wanted (1), or the one before (-1)."""

    def __init__(self, window: QMainWindow, session: Session, sound: Sound, live: LiveShow, screens: Screens) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._sound = sound
        self._live = live
        self._screens = screens
        self.player: Player | None = None
        self.live_player: Player | None = None
        live.moment_changed.connect(self._tell_live)

    @property
    def is_open(self) -> bool:
        """Whether a player covers the screen."""
        return any(player is not None and player.isVisible() for player in (self.player, self.live_player))

    def open(self) -> bool:
        """Play the song's show; False where there is none."""
        plan = self._session.plan
        if plan is None or not plan.cues:
            return False
        if self.player is None:
            self.player = self._made(self._sound)
        self.tell()
        self.player.set_plan(plan)
        self.player.open_on()
        self._sound.play()
        return True

    def open_live(self) -> bool:
        """Show what is heard live; False where nothing is yet."""
        if self._live.plan is None:
            return False
        if self.live_player is None:
            # A live show has the manners of a Sound that the player asks for.
            self.live_player = self._made(cast(Sound, self._live))
            bar = self.live_player.bar
            for button in (bar.previous, bar.mute, bar.song_bar):
                button.hide()
        self._tell_live()
        self.live_player.open_on()
        return True

    def tell(self) -> None:
        """Tell the player of song and mood."""
        session = self._session
        if self.player is None or session.song is None:
            return
        self.player.set_song(title=session.song.title, artist=session.song.artist)
        analysis = session.analysis
        if analysis is not None:
            known_s = analysis.duration_s if analysis.is_complete else analysis.analysed_s
            self.player.set_mood(session.felt, known_s=known_s, beat_times_s=analysis.beat_times_s.tolist())

    def show_plan(self) -> None:
        """Tell the player of the plan."""
        if self.player is not None:
            self.player.set_plan(self._session.plan)

    def prepare_next(self, plan: Plan | None) -> None:
        """Tell the player of the next song's plan."""
        if self.player is not None:
            self.player.stage.prepare_next(plan)

    def close_live(self) -> None:
        """Leave the live show's full screen."""
        if self.live_player is not None:
            self.live_player.close()

    def shutdown(self) -> None:
        """Close the players and end their threads."""
        for player in (self.player, self.live_player):
            if player is not None:
                player.shutdown()

    def _made(self, sound: Sound) -> Player:
        from slideshow.player import Player

        player = Player(sound, self._window, screens=self._screens)
        player.left.connect(self.left)
        self._session.photos_renewed.connect(player.stage.try_again)
        player.song_step_asked.connect(self.song_step_asked)
        return player

    def _tell_live(self) -> None:
        moment = self._live.moment
        if self.live_player is None or moment is None:
            return
        curve: EmotionCurve = moment.heard.curve
        self.live_player.set_song(title="Listening", artist=self._live.device_name)
        self.live_player.set_mood(curve, known_s=moment.heard.heard_s)
        self.live_player.set_plan(moment.plan)
        self.live_player.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

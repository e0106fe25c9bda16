"""The full-screen show: the stage, driven by the sound, under a bar that comes with the mouse and goes by itself."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QContextMenuEvent,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
    QScreen,
)
from PySide6.QtWidgets import QWidget

from engine.emotion import EmotionCurve
from engine.frames import cue_at
from engine.plan import Plan
from slideshow import theme
from slideshow.awake import Awake
from slideshow.mood_words import SteadyWord
from slideshow.photo_words import caption
from slideshow.player_bar import HEIGHT_PX, SONG_BAR_FROM_BOTTOM_PX, PlayerBar
from slideshow.player_menu import PlayerMenu
from slideshow.screens import Screens
from slideshow.sound import Sound
from slideshow.stage import Stage
from slideshow.toasts import Toasts

BAR_STAYS_MS = 2500
JUMP_S = 5.0
VOLUME_STEP = 0.05
MOOD_EVERY_S = 0.1
"""The bar's circle and word follow the song this often; its line at every frame."""

STILL_PX = 3.0
"""A mouse that moves less than this was nudged, not moved."""

NO_DEVICE = "No sound device was found. The show plays silently until one is connected."
DEVICE_BACK = "The sound is back."


class Player(QWidget):
    """A window over a whole screen that shows a plan in time with a sound, and steers it.

    It owns neither. The screen is kept awake while the sound plays, whether the player is open or the show runs on a
    page.
    """

    left = Signal()
    """The person has left the full screen; the sound goes on as it was."""
    song_step_asked = Signal(int)
    """The next song is wanted (1), or the one before (-1)."""

    def __init__(self, sound: Sound, parent: QWidget | None = None, *, screens: Screens | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        self._sound = sound
        self._screens = screens
        self._curve: EmotionCurve | None = None
        self._known_s = 0.0
        self._beat_times_s: Sequence[float] = ()
        self._word = SteadyWord()
        self._mood_shown_s: float | None = None
        self._cue_shown: int | None = None
        self._mouse = QPointF(-1.0, -1.0)
        self._awake = Awake()
        self.stage = Stage(self._position_s, self)
        self.bar = PlayerBar(self)
        self._notices = QWidget(self)  # lies over the bar's shade, ends above its line
        self._notices.setMouseTracking(True)
        self._toasts = Toasts(self._notices)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(BAR_STAYS_MS)
        self._rest.timeout.connect(self._on_rested)
        self.setWindowTitle("Moodreel")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for widget in self.findChildren(QWidget):
            widget.installEventFilter(self)
        self.stage.moved.connect(self._on_moved)
        self.bar.play_asked.connect(sound.toggle)
        self.bar.previous_asked.connect(self.previous_photo)
        self.bar.next_asked.connect(self.next_photo)
        self.bar.seek_asked.connect(sound.seek)
        self.bar.volume_asked.connect(self._set_volume)
        self.bar.mute_asked.connect(self.toggle_mute)
        self.bar.leave_asked.connect(self.close)
        sound.state_changed.connect(self._on_state)
        sound.finished.connect(self._wake)
        sound.device_missing.connect(self._on_device_missing)
        sound.device_found.connect(self._on_device_found)
        self.menu = PlayerMenu(self, screens=screens)
        if screens is not None:
            screens.chosen.connect(self._on_screen_chosen)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.screenRemoved.connect(self._on_screen_removed)
        self._on_state()

    # What is shown

    def set_plan(self, plan: Plan | None) -> None:
        """Show a plan, or the running one grown: what is on the screen goes on unbroken."""
        self._cue_shown = None
        self.stage.set_plan(plan)

    def set_song(self, *, title: str, artist: str) -> None:
        """Name the song on the bar."""
        self.bar.set_song(title=title, artist=artist)

    def set_mood(self, curve: EmotionCurve | None, *, known_s: float, beat_times_s: Sequence[float] = ()) -> None:
        """Show the song's mood, known up to known_s, and let the keys , and . go to its beats."""
        self._curve, self._known_s, self._beat_times_s = curve, known_s, beat_times_s
        self._mood_shown_s = None
        self._on_state()

    def open_on(self, screen: QScreen | None = None) -> None:
        """Fill a screen: this one, else the chosen one, else that of the window's parent, else the first."""
        parent = self.parentWidget()
        target = screen or (parent.screen() if parent is not None else None) or QGuiApplication.primaryScreen()
        if screen is None and self._screens is not None:
            target = self._screens.target(target)
        if self.isVisible() and target is not self.screen():
            self.hide()  # some window managers move no window that fills a screen
        self.setScreen(target)
        self.setGeometry(target.geometry())
        self.showFullScreen()
        self.stage.set_running(is_running=True)
        self._wake()
        self.activateWindow()
        self.setFocus()

    def shutdown(self) -> None:
        """Close, stop the stage's loaders, let the screen sleep."""
        self.close()
        self.stage.shutdown()
        self._awake.shutdown()

    # Steering

    @property
    def is_playing(self) -> bool:
        """Whether the show runs."""
        return self._sound.is_playing

    @property
    def is_muted(self) -> bool:
        """Whether the sound is off."""
        return self._sound.is_muted

    @property
    def can_seek(self) -> bool:
        """Whether there is a song to go back and forth in; a live show has none."""
        return not self.bar.song_bar.isHidden()

    @property
    def has_beats(self) -> bool:
        """Whether beats are known."""
        return len(self._beat_times_s) > 0

    def toggle(self) -> None:
        """Play or pause."""
        self._sound.toggle()

    def next_photo(self) -> None:
        """Go to the next cue, where its photo stands alone."""
        self._go_to_cue(1)

    def previous_photo(self) -> None:
        """Go to the cue before."""
        self._go_to_cue(-1)

    def jump(self, step: int) -> None:
        """Go 5 s on or back."""
        self._sound.seek(self._sound.position_s + step * JUMP_S)

    def go_to_beat(self, step: int) -> None:
        """Go to the next beat, or the one before."""
        target_s = beat_s(self._beat_times_s, self._sound.position_s, step=step)
        if target_s is not None:
            self._sound.seek(target_s)

    def go_to_start(self) -> None:
        """Go to the start of the song."""
        self._sound.seek(0.0)

    def change_volume(self, step: int) -> None:
        """Make it a step louder or softer."""
        if self.can_seek:  # what is heard live sounds elsewhere
            self._set_volume(self._sound.volume + step * VOLUME_STEP)

    def toggle_mute(self) -> None:
        """Switch the sound off or on."""
        if not self.can_seek:
            return
        self._sound.is_muted = not self._sound.is_muted
        self.bar.show_loudness()

    def _go_to_cue(self, step: int) -> None:
        plan = self.stage.plan
        if plan is not None and plan.cues:
            self._sound.seek(neighbour_s(plan, self._sound.position_s, step=step))

    def _set_volume(self, volume: float) -> None:
        self._sound.is_muted = False
        self._sound.volume = volume
        self.bar.show_loudness()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        is_shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            event.ignore()
            return
        match key:
            case Qt.Key.Key_Space | Qt.Key.Key_MediaTogglePlayPause:
                self.toggle()
            case Qt.Key.Key_MediaPlay:
                self._sound.play()
            case Qt.Key.Key_MediaPause | Qt.Key.Key_MediaStop:
                self._sound.pause()
            case Qt.Key.Key_Left | Qt.Key.Key_Right if is_shifted:
                self.jump(1 if key == Qt.Key.Key_Right else -1)
            case Qt.Key.Key_Left | Qt.Key.Key_MediaPrevious:
                self.previous_photo()
            case Qt.Key.Key_Right | Qt.Key.Key_MediaNext:
                self.next_photo()
            case Qt.Key.Key_Comma:
                self.go_to_beat(-1)
            case Qt.Key.Key_Period:
                self.go_to_beat(1)
            case Qt.Key.Key_Home:
                self.go_to_start()
            case Qt.Key.Key_Up:
                self.change_volume(1)
            case Qt.Key.Key_Down:
                self.change_volume(-1)
            case Qt.Key.Key_M:
                self.toggle_mute()
            case Qt.Key.Key_N | Qt.Key.Key_B if self.can_seek:
                self.song_step_asked.emit(1 if key == Qt.Key.Key_N else -1)
            case Qt.Key.Key_F1:
                self.menu.popup_in_the_middle()
            case Qt.Key.Key_F | Qt.Key.Key_F11 | Qt.Key.Key_Escape:
                self.close()
                return
            case _:
                event.ignore()
                return
        self._wake()

    def focusNextPrevChild(self, is_next: bool) -> bool:
        """Bring the bar before the focus moves: what is hidden takes none."""
        self._wake()
        return super().focusNextPrevChild(is_next)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._wake()
        self.menu.popup(event.globalPos())

    def _on_screen_chosen(self) -> None:
        if self.isVisible():
            self.open_on()

    def _on_screen_removed(self, _: QScreen) -> None:
        """Fill what is left: the system may have put the window anywhere."""
        if self.isVisible():
            QTimer.singleShot(0, self, self._on_screen_chosen)

    # The bar

    def _wake(self) -> None:
        """Show bar and cursor for a while."""
        if self.isVisible():
            self.bar.fade_in()
            self.unsetCursor()
            self._rest.start()

    def _on_rested(self) -> None:
        focused = self.focusWidget()
        is_in_use = focused is not None and self.bar.isAncestorOf(focused)
        if is_in_use or self.menu.isVisible() or QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._rest.start()
            return
        self.bar.fade_out()
        self.setCursor(Qt.CursorShape.BlankCursor)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent):
            self._on_mouse(event.globalPosition(), is_press=event.type() == QEvent.Type.MouseButtonPress)
        elif event.type() == QEvent.Type.FocusIn:
            self._wake()
        return False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._on_mouse(event.globalPosition(), is_press=False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.close()

    def _on_mouse(self, place: QPointF, *, is_press: bool) -> None:
        # A window that appears under a resting mouse gets a move as well: only a real one counts.
        has_moved = (place - self._mouse).manhattanLength() >= STILL_PX
        if has_moved or is_press:
            self._mouse = place
            self._wake()

    # Following the sound

    def _position_s(self) -> float:
        return self._sound.position_s

    def _on_moved(self, t_s: float) -> None:
        if self.bar.is_out:
            return
        plan = self.stage.plan
        cue_index = cue_at(plan, t_s) if plan is not None else None
        if cue_index is not None and plan is not None and cue_index != self._cue_shown:
            self._cue_shown = cue_index
            cue = plan.cues[cue_index]
            self.bar.set_photo(caption(cue.photo, cue.partner))
        emotion = self._curve.at(t_s) if self._curve is not None and len(self._curve.times_s) else None
        word = self._word.at(t_s, emotion) if emotion is not None else ""
        if self._mood_shown_s is None or abs(t_s - self._mood_shown_s) >= MOOD_EVERY_S:
            self._mood_shown_s = t_s
            self.bar.set_moment(t_s, emotion, word)
        else:
            self.bar.song_bar.set_position(t_s)

    def _on_state(self) -> None:
        sound = self._sound
        self.bar.set_playing(is_playing=sound.is_playing)
        self.bar.set_loudness(sound.volume, is_muted=sound.is_muted)
        self.bar.set_mood_line(duration_s=sound.duration_s, curve=self._curve, known_s=self._known_s)
        self._awake.set_wanted(is_wanted=sound.is_playing)

    def _on_device_missing(self) -> None:
        if self.isVisible():
            self._toasts.show(NO_DEVICE, icon="volume-x", tone="warn")

    def _on_device_found(self) -> None:
        if self.isVisible():
            self._toasts.show(DEVICE_BACK, icon="volume-2")

    # Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        width, height = self.width(), self.height()
        bar_height = min(height, theme.scaled_px(HEIGHT_PX))
        self.stage.setGeometry(0, 0, width, height)
        self._notices.setGeometry(0, 0, width, max(0, height - SONG_BAR_FROM_BOTTOM_PX - 16))
        self.bar.setGeometry(0, height - bar_height, width, bar_height)
        super().resizeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        was_open = self.isVisible()
        self.stage.set_running(is_running=False)
        self._rest.stop()
        self.unsetCursor()
        super().closeEvent(event)
        if was_open:
            self.left.emit()


def neighbour_s(plan: Plan, t_s: float, *, step: int) -> float:
    """The time at which the photo `step` cues from the one at t_s stands alone, after its crossfade.

    After the last photo there is none: nothing moves.
    """
    now = max(0, bisect_right(plan.cues, t_s, key=lambda cue: cue.start_s) - 1)
    if now + step >= len(plan.cues):
        return t_s
    cue = plan.cues[max(now + step, 0)]
    return cue.start_s + cue.fade_s / 2


def beat_s(beat_times_s: Sequence[float], t_s: float, *, step: int) -> float | None:
    """The beat after t_s (step 1), or the one before it that was not just heard (step -1); None at the ends."""
    if step > 0:
        i = bisect_right(beat_times_s, t_s + 0.02)
        return float(beat_times_s[i]) if i < len(beat_times_s) else None
    i = bisect_left(beat_times_s, t_s - 0.15) - 1
    return float(beat_times_s[i]) if i >= 0 else None

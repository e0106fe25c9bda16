"""The page of a live show: what is listened to, how loud it is, the photo it brings, and how to stop."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from engine.emotion import Emotion
from slideshow import theme
from slideshow.buttons import Button
from slideshow.icons import paint_icon
from slideshow.labels import Label
from slideshow.live_show import LiveShow
from slideshow.mood_colours import mood_colour
from slideshow.mood_plane import PlaneMarks
from slideshow.mood_words import SteadyWord
from slideshow.stage_frame import StageFrame

TICK_MS = 50
METER_FROM_DB, METER_TO_DB = -60.0, 0.0
FALL_DB_PER_TICK = 1.5
"""The level falls no faster than 30 dB a second, so that it can be read."""

TRAIL_S, TRAIL_STEP_S = 24.0, 2.0
SYSTEM_INPUTS = ("default", "sysdefault", "pulse", "pipewire", "jack")
"""Names by which sound systems pass on whatever input is chosen in them; nobody has a device of such a name."""

PRIVACY = "Nothing is recorded or kept."
QUIET = "It is quiet. The photo stays until there is music."
NO_INPUT = "No input was found. Moodreel listens as soon as one is connected."
RESTING = "Paused. Nothing is listened to."


def input_in_words(name: str) -> str:
    """What is listened to, behind "Listening": "to the default input", "to Headset"; "" where it is not known."""
    if name.partition(":")[0].strip().lower() in SYSTEM_INPUTS:
        return "to the default input"
    return f"to {name}" if name else ""


class LevelMeter(QWidget):
    """How loud it is, as a line after a microphone."""

    def __init__(self) -> None:
        super().__init__()
        self._share = 0.0
        self._is_there = True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(32)
        self.setMinimumWidth(160)
        self.setAccessibleName("Level of the input")

    @property
    def share(self) -> float:
        """The length shown, from 0 to 1."""
        return self._share

    def set_level(self, level_db: float, *, is_there: bool) -> None:
        """Show a loudness in dB of full scale."""
        span_db = METER_TO_DB - METER_FROM_DB
        wanted = min(max((level_db - METER_FROM_DB) / span_db, 0.0), 1.0)
        share = max(wanted, self._share - FALL_DB_PER_TICK / span_db)
        if share != self._share or is_there != self._is_there:
            self._share, self._is_there = share, is_there
            self.setAccessibleDescription(f"{round(share * 100)} percent" if is_there else "No input")
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 32)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        icon = "mic" if self._is_there else "mic-off"
        paint_icon(painter, QRectF(0, middle - 9, 18, 18), icon, t.text_2 if self._is_there else t.warn)
        track = QRectF(32, middle - 2, self.width() - 32, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.track))
        painter.drawRoundedRect(track, 2, 2)
        if self._share > 0:
            painter.setBrush(QColor(t.text))
            painter.drawRoundedRect(QRectF(track.left(), track.top(), track.width() * self._share, 4), 2, 2)
        painter.end()


class _MoodDot(QWidget):
    """The colour of the moment's mood, beside its word."""

    def __init__(self) -> None:
        super().__init__()
        self._mood: Emotion | None = None
        self.setFixedSize(8, 8)

    def set_mood(self, mood: Emotion | None) -> None:
        if mood != self._mood:
            self._mood = mood
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._mood is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mood_colour(self._mood.valence, self._mood.arousal, scale=theme.current().name))
        painter.drawEllipse(self.rect())
        painter.end()


class LivePage(QWidget):
    """Shows a live show and chooses its device; it owns none of it."""

    stop_wanted = Signal()
    full_screen_wanted = Signal()
    device_chosen = Signal(str)

    def __init__(self, live: LiveShow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._live = live
        self._steady = SteadyWord()
        self._is_covered = False
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName("Live show")
        self.frame = StageFrame()
        self._heading = Label("Listening", "heading")
        self._device = Label("", "body", "text_2", is_cut_at_end=True)
        self.choose_device = Button("Input", icon="mic")
        self.stop = Button("Stop listening", icon="square")
        self.full_screen = Button("Play full screen", "main", icon="maximize")
        self.meter = LevelMeter()
        self.pause = Button("Pause", icon="pause")
        self.another = Button("Another photo", icon="skip-forward")
        self._dot = _MoodDot()
        self._word = Label("", "strong")
        self._mood = QWidget()  # away while there is no music, so that the level has the whole line
        mood = QHBoxLayout(self._mood)
        mood.setContentsMargins(16, 0, 0, 0)
        mood.setSpacing(8)
        mood.addWidget(self._dot)
        mood.addWidget(self._word)
        self.notice = Label("", "body", "text_2")
        self._privacy = Label(PRIVACY, "caption", "text_3")
        self._build()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        live.state_changed.connect(self.refresh)
        live.moment_changed.connect(self._on_moment)
        self.stop.clicked.connect(self.stop_wanted)
        self.full_screen.clicked.connect(self.full_screen_wanted)
        self.pause.clicked.connect(live.toggle)
        self.another.clicked.connect(live.another_photo)
        self.choose_device.clicked.connect(self.open_devices)
        self.frame.pressed.connect(live.toggle)
        self.refresh()

    def _build(self) -> None:
        header = QHBoxLayout()
        header.setSpacing(8)
        header.addWidget(self._heading, 0, Qt.AlignmentFlag.AlignVCenter)
        header.addSpacing(2)
        header.addWidget(self._device, 0, Qt.AlignmentFlag.AlignVCenter)
        header.addStretch(1)
        for button in (self.choose_device, self.stop, self.full_screen):
            header.addWidget(button)
        low = QHBoxLayout()
        low.setSpacing(8)
        low.addWidget(self.pause)
        low.addWidget(self.another)
        low.addSpacing(16)
        low.addWidget(self.meter, 1)
        low.addWidget(self._mood)
        words = QHBoxLayout()
        words.addWidget(self.notice)
        words.addStretch(1)
        words.addWidget(self._privacy)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 12, 24, 16)
        column.setSpacing(12)
        column.addLayout(header)
        column.addWidget(self.frame, 1)
        column.addLayout(low)
        column.addLayout(words)

    def attach_stage(self) -> None:
        """Make the stage; when it is first needed, for its import would hold up the first window."""
        from slideshow.stage import Stage

        if self.frame.stage is None:
            self.frame.attach(Stage(self._position_s))

    def shutdown(self) -> None:
        """Stop everything that runs here."""
        self._timer.stop()
        if self.frame.stage is not None:
            self.frame.stage.shutdown()

    def set_covered(self, *, is_covered: bool) -> None:
        """Rest while the full-screen show is over the window."""
        self._is_covered = is_covered
        self._pace()

    def open_devices(self) -> None:
        """Show what can be listened to."""
        live = self._live
        menu = QMenu(self)
        for name, text in (("", "The system's choice"), *((device.name, device.name) for device in live.devices)):
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(name == live.device)
            action.triggered.connect(partial(self._choose, name))
        menu.addSeparator()
        menu.addAction("Look again").triggered.connect(live.find_devices)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.choose_device.mapToGlobal(QPoint(0, self.choose_device.height() + 4)))

    def _choose(self, name: str, _: object = None) -> None:
        self.device_chosen.emit(name)

    def refresh(self) -> None:
        """Show the state of the listening."""
        live = self._live
        is_resting = live.is_open and not live.is_playing
        self._heading.setText("Paused" if is_resting else "Listening")
        self._device.setText("" if is_resting else input_in_words(live.device_name))
        self.pause.set_face(*(("Pause", "pause") if live.is_playing else ("Go on", "play")))
        self.full_screen.setEnabled(live.plan is not None)
        self.another.setEnabled(live.plan is not None and live.is_playing)
        if not live.is_open and self.frame.stage is not None:
            self.frame.stage.set_plan(None)
        self._pace()
        self._say()

    def _say(self) -> None:
        live = self._live
        is_missing = live.is_device_missing
        text = ""
        if live.is_open and not live.is_playing:
            text = RESTING
        elif is_missing:
            text = NO_INPUT if live.plan is not None else ""  # without a photo it is said in its place
        elif live.is_silent:
            text = QUIET
        elif live.moment is not None and live.moment.theme:
            text = f"Your show’s theme: {live.moment.theme}."
        self.notice.setText(text)
        self.notice.set_tone("warn" if is_missing and live.is_playing else "text_2")
        self.setAccessibleDescription(text or (NO_INPUT if is_missing else ""))
        if is_missing:
            self.frame.set_notice("Nothing to listen to", NO_INPUT)
        else:
            self.frame.set_notice("Listening", "The first photo comes with the first seconds of music.")
        # In a silence there is no mood to be shown, only the one that was.
        self._mood.setVisible(live.moment is not None and not live.is_silent)
        self.frame.inset.setVisible(live.moment is not None and not live.is_silent)

    def _pace(self) -> None:
        is_seen = self.isVisible() and not self._is_covered
        if self.frame.stage is not None:
            self.frame.stage.set_running(is_running=is_seen and self._live.is_playing)
        if is_seen and self._live.is_open:
            self._timer.start()
        else:
            self._timer.stop()
            self._tick()

    def _on_moment(self) -> None:
        live = self._live
        if self.frame.stage is not None:
            self.frame.stage.set_plan(live.plan)
        self.full_screen.setEnabled(live.plan is not None)
        self.another.setEnabled(live.plan is not None and live.is_playing)
        self._say()
        moment = live.moment
        if moment is None:
            return
        ranks = moment.heard.ranks
        mood = Emotion(float(ranks[0]), float(ranks[1]))
        word = self._steady.at(live.position_s, mood)
        now_s = live.position_s
        curve = moment.heard.curve
        n_trail = int(TRAIL_S / TRAIL_STEP_S)
        times_s = [now_s - TRAIL_STEP_S * back for back in range(n_trail, 0, -1)]
        trail = (*(curve.at(t_s) for t_s in times_s if t_s >= float(curve.times_s[0])), mood)
        self.frame.inset.set_moment(PlaneMarks(song=mood, trail=trail), word)
        self._dot.set_mood(None if live.is_silent else mood)
        self._word.setText("" if live.is_silent else word)

    def _tick(self) -> None:
        live = self._live
        self.meter.set_level(live.level_db, is_there=not live.is_device_missing)

    def _position_s(self) -> float:
        return self._live.position_s

    # Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            event.ignore()
            return
        match Qt.Key(event.key()):
            case Qt.Key.Key_Space:
                self._live.toggle()
            case Qt.Key.Key_Right:
                self._live.another_photo()
            case Qt.Key.Key_F:
                self.full_screen_wanted.emit()
            case Qt.Key.Key_Escape:
                self.stop_wanted.emit()
            case _:
                event.ignore()

    def showEvent(self, event: QEvent) -> None:
        self._pace()

    def hideEvent(self, event: QEvent) -> None:
        self._timer.stop()
        if self.frame.stage is not None:
            self.frame.stage.set_running(is_running=False)

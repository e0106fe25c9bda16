"""The transport row: previous, play, next, time, song bar, volume."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSpacerItem, QWidget

from slideshow import theme
from slideshow.buttons import IconButton, PlayButton
from slideshow.labels import Label
from slideshow.sliders import Slider
from slideshow.song_bar import SongBar, clock_text


class Transport(QWidget):
    """Shows and steers playing; it knows nothing of sound or plan."""

    play_asked = Signal()
    previous_asked = Signal()
    next_asked = Signal()
    volume_asked = Signal(float)
    mute_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.previous = IconButton("skip-back", "Previous photo (←)", size_px=32, icon_px=18)
        self.play = PlayButton()
        self.next = IconButton("skip-forward", "Next photo (→)", size_px=32, icon_px=18)
        self._time = Label("0:00", "label", "text_2")
        self.song_bar = SongBar()
        self._total = Label("0:00", "label", "text_2")
        self.mute = IconButton("volume-2", "Mute (M)", size_px=32, icon_px=18)
        self.volume = Slider("Volume")
        self.volume.setMinimumWidth(48)  # a small window with large text needs the room
        self.volume.setMaximumWidth(96)
        for label, side in ((self._time, Qt.AlignmentFlag.AlignRight), (self._total, Qt.AlignmentFlag.AlignLeft)):
            label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for widget in (self.previous, self.play, self.next):
            row.addWidget(widget)
        row.addItem(_gap(20))
        row.addWidget(self._time)
        row.addWidget(self.song_bar, 1)
        row.addWidget(self._total)
        row.addItem(_gap(16))
        row.addWidget(self.mute)
        row.setSpacing(12)
        row.addWidget(self.volume)
        self.play.clicked.connect(self.play_asked)
        self.previous.clicked.connect(self.previous_asked)
        self.next.clicked.connect(self.next_asked)
        self.volume.moved.connect(self.volume_asked)
        self.mute.clicked.connect(self.mute_asked)
        self._duration_s = 0.0
        self._fit_times()

    def set_position(self, position_s: float) -> None:
        """Show the time that is heard."""
        text = clock_text(position_s)
        if text != self._time.text():
            self._time.setText(text)
        self.song_bar.set_position(position_s)

    def set_duration(self, duration_s: float) -> None:
        """Show the song's length."""
        self._duration_s = duration_s
        self._total.setText(clock_text(duration_s))
        self._fit_times()

    def set_playing(self, *, is_playing: bool) -> None:
        """Show pause or play."""
        self.play.set_playing(is_playing=is_playing)

    def set_loudness(self, volume: float, *, is_muted: bool) -> None:
        """Show the volume."""
        self.volume.set_value(volume)
        icon = "volume-x" if is_muted or volume == 0 else "volume-1" if volume < 0.5 else "volume-2"
        self.mute.set_face(icon, "Sound on (M)" if is_muted else "Mute (M)")

    def set_ready(self, *, can_play: bool, can_step: bool) -> None:
        """Enable what can be used."""
        self.play.setEnabled(can_play)
        self.song_bar.setEnabled(can_play)
        self.previous.setEnabled(can_step)
        self.next.setEnabled(can_step)

    def _fit_times(self) -> None:
        """Give both times a fixed width, so that the bar does not move as digits change."""
        metrics = QFontMetrics(theme.font("label"))  # the labels may not have heard of a new text size yet
        widest = metrics.horizontalAdvance(clock_text(self._duration_s).replace("1", "0")) + 4
        for label in (self._time, self._total):
            label.setFixedWidth(max(widest, 28))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._fit_times()
        super().changeEvent(event)


def _gap(width_px: int) -> QSpacerItem:
    """Room between two parts, which goes first where a small window with large text has none to spare."""
    return QSpacerItem(width_px, 0, QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Minimum)

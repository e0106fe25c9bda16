"""Editing on the Make page: hands and keys to the session's edits, the row over the timeline, drawing a mood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, Signal

from slideshow.arc_drawing import ArcDrawing
from slideshow.cue_menu import show_cue_menu

if TYPE_CHECKING:
    from slideshow.create_page import CreatePage
    from slideshow.session import Session
    from slideshow.session_jobs import RunnerUp


class PageEditing(QObject):
    """Connects what can be touched on the page with what it does to the show."""

    mark_wanted = Signal()
    """The moment that plays, or the selected stretch, is to be marked with how it feels."""

    def __init__(self, page: CreatePage, session: Session) -> None:
        super().__init__(page)
        self._page = page
        self._session = session
        editing, timeline, bar = session.editing, page.timeline, page.edit_bar
        timeline.cut_moved.connect(editing.move_cut)
        timeline.photo_dropped.connect(editing.drop_photo)
        timeline.menu_asked.connect(self._on_menu)
        timeline.span_changed.connect(self._refresh_bar)
        timeline.arc_drawn.connect(self._on_arc)
        page.inspector.runner_up_chosen.connect(self.use_runner_up)
        page.inspector.explain_asked.connect(self.explain)
        page.inspector.pin_asked.connect(self.toggle_pin)
        page.inspector.never_asked.connect(self.never_show)
        bar.shuffle_asked.connect(editing.shuffle)
        bar.draw_asked.connect(self._on_draw_asked)
        bar.options_asked.connect(self.toggle_options)
        bar.lock_asked.connect(self.toggle_lock)
        bar.clear_asked.connect(self.clear)
        bar.axis_chosen.connect(timeline.set_axis)
        bar.song_mood_asked.connect(self.forget_arc)
        bar.drawing_ended.connect(self.stop_drawing)
        page.options.changed.connect(self._on_options)
        page.options.shuffle_asked.connect(editing.shuffle)
        page.options.reset_asked.connect(editing.reset_options)
        page.options.closed.connect(self.show_reasons)
        session.catalog_changed.connect(self._on_catalog)
        session.plan_changed.connect(self._on_plan)
        session.song_changed.connect(self._on_song)
        session.analysis_changed.connect(self._on_plan)
        self._song_path: object = None
        self._counted: object = None
        self._on_plan()

    # The photo that is seen now

    def use_runner_up(self, runner_up: RunnerUp) -> None:
        """Show a runner-up now."""
        self._session.editing.use_runner_up(self._page.current, runner_up)

    def use_number(self, number: int) -> None:
        """Show the runner-up of a number now."""
        runner_up = self._page.inspector.rows[number - 1].runner_up
        if runner_up is not None:
            self.use_runner_up(runner_up)

    def toggle_pin(self) -> None:
        """Pin the photo that is seen now, or let it go."""
        self._session.editing.toggle_pin(self._page.current)

    def never_show(self) -> None:
        """Ban the photo that is seen now."""
        self._session.editing.never_show(self._page.current)

    def explain(self) -> None:
        """Tell all that is known of the photo that is seen now."""
        if self._page.current >= 0:
            self._page.explanation_wanted.emit(self._page.current)

    def choose_photo(self) -> None:
        """Choose another photo for now from all there are."""
        if self._page.current >= 0:
            self._page.photo_wanted.emit(self._page.current)

    def move_earlier(self) -> None:
        """Let the photo that is seen now begin a beat earlier."""
        self._session.editing.nudge_cut(self._page.current, step=-1)

    def move_later(self) -> None:
        """Let the photo that is seen now begin a beat later."""
        self._session.editing.nudge_cut(self._page.current, step=1)

    def next_transition(self) -> None:
        """Let the photo that is seen now come in another way."""
        self._session.editing.next_transition(self._page.current)

    def toggle_lock(self) -> None:
        """Lock the selected stretch, or the photo that is seen now; what is locked altogether is let go."""
        span = self._page.timeline.span or (self._page.current, self._page.current)
        self._session.editing.toggle_lock(*span)

    def select_more(self) -> None:
        """Select one photo more, from the current one on."""
        self._page.timeline.extend_span(1)

    def clear(self) -> None:
        """Select nothing."""
        self._page.timeline.select(None)

    def open_menu(self) -> None:
        """Open the menu of the photo that is seen now."""
        index = self._page.current
        if index >= 0:
            timeline = self._page.timeline
            self._on_menu(index, timeline.mapToGlobal(timeline.cue_place(index)))

    def _on_menu(self, index: int, place: QPoint) -> None:
        show_cue_menu(self._page, index, place)

    # The whole show

    def toggle_options(self) -> None:
        """Show how photos are chosen beside the show, or again why this one was."""
        if self._page.side.currentWidget() is self._page.options:
            self.show_reasons()
        else:
            self._page.side.setCurrentWidget(self._page.options)
            self._on_catalog()
            # The panel, not its button: Space goes on playing, Escape closes, and Tab leads into it.
            self._page.options.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_catalog(self) -> None:
        """Tell the options what the show's photos show; what is suggested is counted only once it can be seen."""
        catalog, choice = self._session.catalog, self._page.options.theme_choice
        choice.set_contents(None if catalog is None else catalog.contents)
        if catalog is not self._counted and self._page.side.currentWidget() is self._page.options:
            self._counted = catalog
            self._session.count_contents(choice.set_counts)

    def show_reasons(self) -> None:
        """Show why this photo was chosen."""
        self._page.side.setCurrentWidget(self._page.inspector)
        self._page.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_options(self, changes: dict[str, object]) -> None:
        self._session.editing.change_options(**changes)  # type: ignore[arg-type]

    # Drawing a mood

    def _on_draw_asked(self) -> None:
        is_by_key = self._page.edit_bar.draw.hasFocus()  # a click leaves the focus where it is
        self.start_drawing(Qt.FocusReason.OtherFocusReason if is_by_key else Qt.FocusReason.MouseFocusReason)

    def start_drawing(self, reason: Qt.FocusReason = Qt.FocusReason.OtherFocusReason) -> None:
        """Let a mood be drawn over the curve."""
        page, session = self._page, self._session
        if session.plan is None:
            return
        page.timeline.start_drawing(ArcDrawing(session.felt, session.plan.duration_s))
        self._refresh_bar()
        page.timeline.setFocus(reason)

    def stop_drawing(self) -> None:
        """Leave the drawn mood as it is."""
        self._page.timeline.stop_drawing()
        self._refresh_bar()
        self._page.setFocus(Qt.FocusReason.OtherFocusReason)

    def toggle_drawing(self) -> None:
        """Begin to draw, or end."""
        if self._page.timeline.drawing is None:
            self.start_drawing()
        else:
            self.stop_drawing()

    def forget_arc(self) -> None:
        """Follow the song's own mood again."""
        self._session.editing.draw_arc(())
        self.stop_drawing()

    def _on_arc(self) -> None:
        drawing = self._page.timeline.drawing
        if drawing is not None:
            self._session.editing.draw_arc(drawing.arc())

    # What is shown

    def _on_song(self) -> None:
        if self._session.song_path != self._song_path:
            self._song_path = self._session.song_path
            self._page.timeline.stop_drawing()
            self._page.timeline.select(None)
            self._refresh_bar()

    def _on_plan(self) -> None:
        """Follow a plan that was changed, undone or made anew."""
        timeline, session = self._page.timeline, self._session
        self._page.options.set_options(session.options)
        drawing = timeline.drawing
        is_resting = drawing is not None and not drawing.is_stroking
        if drawing is not None and is_resting and session.plan is not None and session.options.arc != drawing.arc():
            timeline.start_drawing(ArcDrawing(session.felt, session.plan.duration_s))  # undone, or the song's again
        self._refresh_bar()

    def _refresh_bar(self) -> None:
        bar, timeline, plan = self._page.edit_bar, self._page.timeline, self._session.plan
        has_arc = bool(self._session.options.arc)
        bar.set_drawn(is_drawn=has_arc)
        if timeline.drawing is not None:
            bar.show_drawing(has_arc=has_arc)
        elif timeline.span is not None and plan is not None:
            first, last = timeline.span
            is_locked = all(cue.is_pinned for cue in plan.cues[first : last + 1])
            bar.show_selection(last - first + 1, is_locked=is_locked)
        else:
            bar.show_choices()

    # Keys

    def act_on_key(self, key: Qt.Key) -> bool:
        """Do what a key without modifiers means; False for a key that means nothing here."""
        match key:
            case Qt.Key.Key_P:
                self.toggle_pin()
            case Qt.Key.Key_X:
                self.never_show()
            case Qt.Key.Key_C:
                self.choose_photo()
            case Qt.Key.Key_I:
                self.explain()
            case Qt.Key.Key_BracketLeft:
                self.move_earlier()
            case Qt.Key.Key_BracketRight:
                self.move_later()
            case Qt.Key.Key_T:
                self.next_transition()
            case Qt.Key.Key_L:
                self.toggle_lock()
            case Qt.Key.Key_S:
                self._session.editing.shuffle()
            case Qt.Key.Key_D:
                self.toggle_drawing()
            case Qt.Key.Key_O:
                self.toggle_options()
            case Qt.Key.Key_K:
                self.mark_wanted.emit()
            case Qt.Key.Key_Menu:
                self.open_menu()
            case Qt.Key.Key_1 | Qt.Key.Key_2 | Qt.Key.Key_3:
                self.use_number(int(key) - int(Qt.Key.Key_0))
            case Qt.Key.Key_Escape:
                return self._leave()
            case _:
                return False
        return True

    def _leave(self) -> bool:
        """Esc: leave one thing at a time."""
        if self._page.timeline.drawing is not None:
            self.stop_drawing()
        elif self._page.timeline.span is not None:
            self.clear()
        elif self._page.side.currentWidget() is self._page.options:
            self.show_reasons()
        else:
            return False
        return True

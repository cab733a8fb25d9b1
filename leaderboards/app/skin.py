"""The Gradio page: tabs, controls and one HTML element. All that is shown comes from `leaderboards.app.views`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from leaderboards.app import choices
from leaderboards.app.html import script
from leaderboards.app.state import TABS, State
from leaderboards.app.views import view
from leaderboards.boards.board import Board

if TYPE_CHECKING:
    import gradio as gr

FIELDS = {"columns": True, "group": False, "metric": False, "a": False, "b": False, "plot": False, "table": False}
"""Controls below the tabs: field of the state -> whether several can be chosen."""

QUEUE = 64
WORKERS = 4

BRAND = '<div class="board brand"><b>CheXGenBench</b> and <b>MIRB</b> leaderboards</div>'

THEME_JS = """() => {
  const dark = document.body.classList.toggle("dark");
  try { localStorage.setItem("board-theme", dark ? "dark" : "light"); } catch (e) {}
}"""

LOAD_JS = """() => {
  let kept = null;
  try { kept = localStorage.getItem("board-theme"); } catch (e) {}
  const asked = new URLSearchParams(location.search).get("__theme");
  if (!asked && kept) { document.body.classList.toggle("dark", kept === "dark"); }
}"""


def state_of(query: str) -> State:
    """The state that an address's query, or what is after its question mark, names."""
    return State.of(dict(parse_qsl(query[:4000], keep_blank_values=True)))


def blocks(board: Board) -> gr.Blocks:
    """The page. Nothing on it accepts a file, and no function of it is a public endpoint."""
    import gradio as gr

    start = State()
    with gr.Blocks(title="Leaderboards: CheXGenBench and MIRB", analytics_enabled=False, fill_width=True) as page:
        query = gr.State(start.query)
        with gr.Row(elem_classes="top"):
            gr.HTML(BRAND, js_on_load=None, apply_default_css=False)
            theme = gr.Button("Light / dark", size="sm", scale=0, min_width=120, elem_classes="theme")
        with gr.Tabs(selected=start.tab) as tabs:
            items = {name: gr.Tab(label, id=name) for name, label in TABS.items()}
        with gr.Row(elem_classes="controls", equal_height=True):
            cohorts = _dropdown(gr, choices.boards(board, start), scale=3)
            search = gr.Textbox("", label="Search", placeholder="model, source, licence …", max_lines=1, scale=2)
            tiers = _dropdown(gr, choices.tiers(board, start), multiselect=True, scale=2)
            controls = gr.Checkbox(True, label="Show controls", scale=1, min_width=130)
        with gr.Row(elem_classes="controls", equal_height=True):
            extra = {name: _dropdown(gr, None, multiselect=several) for name, several in FIELDS.items()}
        body = gr.HTML(view(board, start), js_on_load=script(), elem_id="body", apply_default_css=False)

        shown = [query, body]
        offered = [cohorts, tiers, *extra.values(), search, controls]
        everything = [*shown, *offered, tabs]
        private: dict[str, Any] = {
            "api_visibility": "private",
            "show_progress": "hidden",
            "trigger_mode": "always_last",
        }

        def offers(state: State) -> list[Any]:
            fields = choices.others(board, state)
            first = [_update(gr, choices.boards(board, state)), _update(gr, choices.tiers(board, state))]
            last = [
                gr.update(visible=state.tab not in choices.UNSEARCHED, value=state.q),
                gr.update(visible=state.tab not in choices.UNFILTERED, value=state.controls != "no"),
            ]
            return first + [_update(gr, fields.get(name)) for name in FIELDS] + last

        def render(state: State) -> list[Any]:
            return [state.query, view(board, state)]

        def changed(field: str) -> Callable[[str, Any], list[Any]]:
            def handle(held: str, value: Any) -> list[Any]:
                before = state_of(held)
                state = _with(before, field, value)
                same = getattr(before, field) == getattr(state, field)
                return [gr.skip()] * len(shown) if same else render(state)

            return handle

        def on_board(held: str, value: str) -> list[Any]:
            state = _with(state_of(held), "board", value)
            return render(state) + offers(state)

        def on_tab(name: str) -> Callable[[str], list[Any]]:
            def handle(held: str) -> list[Any]:
                before = state_of(held)
                if before.tab == name:
                    return [gr.skip()] * (len(shown) + len(offered))
                state = before.but(tab=name, sort="", columns=(), metric="", group="overall", plot="", table="")
                return render(state) + offers(state)

            return handle

        def arrive(state: State) -> list[Any]:
            return [*render(state), *offers(state), gr.Tabs(selected=state.tab)]

        def on_link(event: gr.EventData) -> list[Any]:
            asked = event._data.get("query", "") if isinstance(event._data, dict) else ""
            return arrive(state_of(str(asked)))

        def on_load(request: gr.Request) -> list[Any]:
            asked = state_of(str(request.query_params))
            return [gr.skip()] * len(everything) if asked == start else arrive(asked)

        # Gradio reads annotations at run time, and this module's are text.
        on_link.__annotations__ = {"event": gr.EventData}
        on_load.__annotations__ = {"request": gr.Request}
        page.load(on_load, None, everything, api_visibility="private", show_progress="hidden")
        body.click(on_link, None, everything, **private)
        cohorts.input(on_board, [query, cohorts], [*shown, *offered], **private)
        for field, control in {"q": search, "tiers": tiers, "controls": controls, **extra}.items():
            # A text box tells of typing by `change` alone; what a link or an address put into it changes nothing.
            listen = control.change if field == "q" else control.input
            listen(changed(field), [query, control], shown, **private)
        for name, item in items.items():
            item.select(on_tab(name), [query], [*shown, *offered], **private)
        theme.click(None, None, None, js=THEME_JS, api_visibility="private")
    page.queue(max_size=QUEUE, default_concurrency_limit=WORKERS, api_open=False)
    return page


def _with(state: State, field: str, value: Any) -> State:
    """The state after a control was moved; what the control cannot say is dropped by `State.of`."""
    if field == "controls":
        return state.but(controls="" if value else "no")
    text = ",".join(str(each) for each in value) if isinstance(value, list) else "" if value is None else str(value)
    checked = State.of({field: text})
    return state.but(**{field: getattr(checked, field)})


def _dropdown(gr: Any, control: choices.Control | None, multiselect: bool = False, scale: int = 2) -> Any:
    held = control or choices.Control("", [], None)
    return gr.Dropdown(
        held.choices, value=held.value, label=held.label, multiselect=multiselect, scale=scale, min_width=180,
        interactive=True, visible=control is not None and bool(held.choices),
    )  # fmt: skip


def _update(gr: Any, control: choices.Control | None) -> Any:
    if control is None or not control.choices:
        return gr.update(visible=False, choices=[], value=None)
    return gr.update(visible=True, choices=control.choices, value=control.value, label=control.label)

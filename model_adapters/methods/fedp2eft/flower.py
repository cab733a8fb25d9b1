"""FedP2EFT as client and server apps of Flower (`flwr`, extra `federated`), around the simulator's own object.

    # client_app.py
    app = client_app(lambda context: (my_learn_strategy(context), "hospital-a"))
    # server_app.py
    app = server_app(my_learn_strategy_without_data(), Rounds(150, 30, seed=0), on_end=save)

The server draws clients by name, averages in the order of names, and so ends in the same bits as `run_rounds`. What a
client keeps for itself lies in Flower's state of that client and is sent to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from model_adapters.methods.fedp2eft.federation import Federated, Returned, Rounds, State, average

if TYPE_CHECKING:
    from flwr.app import ArrayRecord, Context, Message, RecordDict
    from flwr.clientapp import ClientApp
    from flwr.serverapp import Grid, ServerApp

ARRAYS, METRICS, CONFIG, NAME = "arrays", "metrics", "config", "name"
PRIVATE = "fedp2eft-private"


def _flower() -> Any:
    try:
        import flwr
    except ImportError as error:
        raise UserError("A real federation needs Flower: pip install 'flwr>=1.40' (extra `federated`).") from error
    return flwr


def client_app(make: Callable[[Context], tuple[Federated, str]]) -> ClientApp:
    """A client app.

    Args:
        make: from Flower's context to what is trained (with this client's data) and the client's name.

    Raises:
        UserError: Flower is not installed.
    """
    _flower()
    from flwr.app import ConfigRecord, Message, MetricRecord, RecordDict
    from flwr.clientapp import ClientApp

    app = ClientApp()

    @app.query()
    def who(message: Message, context: Context) -> Message:
        """Tell the server this client's name."""
        return Message(RecordDict({CONFIG: ConfigRecord({NAME: make(context)[1]})}), reply_to=message)

    @app.train()
    def train(message: Message, context: Context) -> Message:
        """This client's part of a round."""
        federated, name = make(context)
        number = int(message.content[CONFIG]["server-round"]) - 1
        kept = state_of(context.state[PRIVATE]) if PRIVATE in context.state else {}
        found = federated.local(state_of(message.content[ARRAYS]), kept, name, number)
        if found.private:
            context.state[PRIVATE] = arrays_of(found.private)
        content = RecordDict(
            {
                ARRAYS: arrays_of(found.state),
                METRICS: MetricRecord({"num-examples": found.examples}),
                CONFIG: ConfigRecord({NAME: name}),
            }
        )
        return Message(content, reply_to=message)

    return app


def server_app(federated: Federated, rounds: Rounds, on_end: Callable[[State], None]) -> ServerApp:
    """A server app.

    Args:
        federated: only its start and the names of its clients are used. on_end: is given the state after the rounds.

    Raises:
        UserError: Flower is not installed.
    """
    _flower()
    from flwr.serverapp import ServerApp

    app = ServerApp()

    @app.main()
    def main(grid: Grid, context: Context) -> None:
        """All rounds."""
        on_end(serve(grid, federated, rounds))

    return app


def serve(grid: Grid, federated: Federated, rounds: Rounds) -> State:
    """The rounds of a server app on any grid.

    Raises:
        UserError: a client of the federation is not connected, or one failed in a round.
    """
    _flower()
    from flwr.app import ConfigRecord, Message, MessageType, RecordDict
    from flwr.serverapp.strategy import FedAvg

    nodes = _nodes(grid, federated.clients)

    class Named(FedAvg):
        """Draws by name and averages as the simulator does."""

        def configure_train(
            self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
        ) -> Iterable[Message]:
            """Messages to the clients drawn for a round."""
            config["server-round"] = server_round
            drawn = rounds.drawn(federated.clients, server_round - 1)
            content = RecordDict({ARRAYS: arrays, CONFIG: config})
            return [Message(content, nodes[name], MessageType.TRAIN) for name in drawn]

        def aggregate_train(self, server_round: int, replies: Iterable[Message]) -> tuple[ArrayRecord | None, None]:
            """The mean weighted by examples; a round with a failed client is no round."""
            held = list(replies)
            if any(reply.has_error() for reply in held) or len(held) < min(
                rounds.clients_per_round, len(federated.clients)
            ):
                raise UserError(f"A client failed in round {server_round}: see its log. Start again; nothing is lost.")
            contents = sorted((_content(reply) for reply in held), key=lambda each: str(each[CONFIG][NAME]))
            found = [Returned(state_of(each[ARRAYS]), int(each[METRICS]["num-examples"])) for each in contents]
            return arrays_of(average(found)), None

    result = Named(fraction_evaluate=0.0).start(grid, arrays_of(federated.initial()), num_rounds=rounds.count)
    return state_of(result.arrays)


def arrays_of(state: State) -> ArrayRecord:
    """A state as Flower sends it."""
    from flwr.app import ArrayRecord

    return ArrayRecord({name: tensor.cpu() for name, tensor in state.items()})


def state_of(record: Any) -> State:
    """A state that Flower sent."""
    found: State = record.to_torch_state_dict()
    return found


def _content(reply: Message) -> RecordDict:
    content: RecordDict = reply.content
    return content


def _nodes(grid: Grid, clients: Iterable[str]) -> dict[str, int]:
    """Client name -> node, by asking every node."""
    from flwr.app import Message, MessageType, RecordDict

    asked = [Message(RecordDict(), node, MessageType.QUERY) for node in grid.get_node_ids()]
    replies = list(grid.send_and_receive(asked))
    found = {str(r.content[CONFIG][NAME]): r.metadata.src_node_id for r in replies if not r.has_error()}
    absent = sorted(set(clients) - set(found))
    if absent:
        raise UserError(f"Not connected: {', '.join(absent[:5])}. Start their client apps, then the server app.")
    return found

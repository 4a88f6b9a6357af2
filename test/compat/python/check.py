"""The Python clients against a running server: prints one line a check, as the test around it reads them."""

import os
import sys
import traceback
from uuid import uuid4

URI = sys.argv[1]
os.environ["PERSISTENCE_MODULE"] = "eventsourcing_axonserver"
os.environ["AXONSERVER_URI"] = URI

from axonclient.client import AxonClient, AxonEvent  # noqa: E402
from axonclient.exceptions import OutOfRangeError  # noqa: E402
from eventsourcing.application import AggregateNotFoundError, Application  # noqa: E402
from eventsourcing.domain import Aggregate, event  # noqa: E402
from eventsourcing.persistence import IntegrityError  # noqa: E402

failures = 0
client = AxonClient(URI)


def check(claim):
    def run(function):
        global failures
        try:
            function()
            print(f"ok - {claim}")
        except Exception as problem:
            failures += 1
            print(f"not ok - {claim}: {problem!r}")
            traceback.print_exc()

    return run


def an_event(aggregate_id, number, data=b"payload"):
    return AxonEvent(
        message_identifier=str(uuid4()),
        aggregate_identifier=aggregate_id,
        aggregate_sequence_number=number,
        aggregate_type="Order",
        payload_type="Happened",
        payload_revision="1",
        payload_data=data,
    )


@check("axonclient: events are read back as they were appended")
def _():
    aggregate_id = str(uuid4())
    events = [an_event(aggregate_id, number, bytes([number])) for number in range(10)]
    client.append_event(events)
    assert client.list_aggregate_events(aggregate_id, 0, False) == events


@check("axonclient: a conflict is an OutOfRangeError and changes nothing")
def _():
    aggregate_id = str(uuid4())
    client.append_event(an_event(aggregate_id, 0))
    try:
        client.append_event(an_event(aggregate_id, 0))
    except OutOfRangeError:
        pass
    else:
        raise AssertionError("accepted")
    assert len(client.list_aggregate_events(aggregate_id, 0, False)) == 1


@check("axonclient: snapshots are listed newest first")
def _():
    aggregate_id = str(uuid4())
    client.append_event([an_event(aggregate_id, number) for number in range(5)])
    client.append_snapshot(an_event(aggregate_id, 1))
    client.append_snapshot(an_event(aggregate_id, 3))
    numbers = [s.aggregate_sequence_number for s in client.list_snapshot_events(aggregate_id)]
    assert numbers == [3, 1], numbers
    loaded = client.list_aggregate_events(aggregate_id, 0, True)
    assert [(e.aggregate_sequence_number, e.snapshot) for e in loaded] == [(3, True), (4, False)], loaded


@check("axonclient: the stream has every event with its token")
def _():
    before = client.get_last_token()
    aggregate_id = str(uuid4())
    client.append_event([an_event(aggregate_id, number) for number in range(3)])
    stream = client.list_events(tracking_token=before + 1, number_of_permits=3)
    assert [token for token, _ in stream] == [before + 1, before + 2, before + 3], stream
    assert client.get_first_token() == 0


class World(Aggregate):
    # Sequence numbers of the Axon protocol begin at 0.
    INITIAL_VERSION = 0

    def __init__(self, name):
        self.name = name
        self.history = []

    @event("SomethingHappened")
    def make_it_so(self, what):
        self.history.append(what)


@check("eventsourcing: an application saves and loads its aggregates")
def _():
    application = Application()
    world = World(name="earth")
    for what in ("dinosaurs", "trucks", "internet"):
        world.make_it_so(what)
    application.save(world)
    copy = application.repository.get(world.id)
    assert copy.history == ["dinosaurs", "trucks", "internet"], copy.history
    assert copy.version == 3
    try:
        application.repository.get(uuid4())
    except AggregateNotFoundError:
        pass
    else:
        raise AssertionError("an unknown aggregate was found")


@check("eventsourcing: two writers of one version conflict")
def _():
    application = Application()
    world = World(name="mars")
    application.save(world)
    first = application.repository.get(world.id)
    second = application.repository.get(world.id)
    first.make_it_so("one")
    second.make_it_so("two")
    application.save(first)
    try:
        application.save(second)
    except IntegrityError:
        pass
    else:
        raise AssertionError("a conflict was accepted")


client.close_connection()
sys.exit(1 if failures else 0)

"""What can go wrong while reading, as codes that front ends may rely on."""

from __future__ import annotations

from typing import Final

CODES: Final = {
    "INVALID_ARGUMENT": "An argument has a value that this field does not take; the message says which.",
    "INVALID_CURSOR": "The cursor was made up, altered, or comes from another query.",
    "UNAUTHENTICATED": "Only who has signed in may read this: there is no token.",
    "FORBIDDEN": "The token has not the permission in this city.",
    "CITY_NEEDED": "The field is read in one city's own graph.",
    "NOT_FOUND": "The id names nothing that this graph shows: made up, another city's, and gone are all the same.",
    "INVALID_POSTCODE": "That is not the form of a UK postcode.",
    "UNKNOWN_POSTCODE": "The postcode is well formed, but no geocoder of this platform knows it.",
    "LIMIT_EXCEEDED": "A list or connection was asked for more than it may give; `first` is at most 100.",
    "INVALID_DOCUMENT": "The document does not parse, or does not validate against this graph.",
    "INVALID_VARIABLES": "The variables do not fit their declarations.",
    "THROTTLED": "The asker has asked for too much of late; `Retry-After` says when to come back.",
    "INTROSPECTION_CLOSED": "This platform does not answer questions about its schema to this asker.",
    "UNKNOWN_DOCUMENT": "No published document has that id.",
    "DOCUMENT_NOT_TRUSTED": "This city answers published documents alone.",
    "UNKNOWN_OPERATION": "There is no operation of that name, or no name was given and there are several.",
    "CONFIDENCE_NEEDS_POST": "What says something of a person is asked by POST, so that it stands in no address.",
    "MUTATION_NEEDS_POST": "Mutations are sent by POST; GET is for queries.",
    "NOT_VISIBLE": "A field that may not be null points at something that is no longer public.",
    "PLUGIN_PAUSED": "A plugin keeps failing here and is not asked for a while; its field is null.",
    "PLUGIN_FAILED": "A plugin could not answer for its field, which is null; the log has the reference id.",
    "SUBSCRIPTION_NEEDS_STREAM": "A subscription goes over a WebSocket or as an event stream.",
    "SUBSCRIPTION_EXPECTED": "WebSockets and event streams carry subscriptions alone.",
    "REPLAY_TOO_OLD": "What happened since then is not sent again: too much, too long ago, or not known here.",
    "TIMEOUT": "The answer took longer than the platform allows.",
    "UNAVAILABLE": "The database cannot be reached, or others hold what was to be written; try again soon.",
    "INTERNAL": "Something broke on our side; the log has the reference id.",
}


def sayable(words: str) -> str:
    """Return words that may quote what a client sent: half characters, which no JSON can hold, become `?`."""
    return words.encode(errors="replace").decode()


# A field of an operation: type and response key from the root on, as `Type.key`; with a last `Type` what it shows.
Place = tuple[str, ...]


def keys_of(place: Place) -> tuple[str, ...]:
    """Return the response keys of a place."""
    return tuple(each.partition(".")[2] for each in place if "." in each)


class GraphError(Exception):
    """A refusal of a read, told in `errors[]` with its code.

    `path` is the response path (keys and list indexes) of the field that refused; empty means the
    whole request. `place` says which field of the operation it is, once that is known.
    """

    def __init__(self, code: str, message: str, path: tuple[str | int, ...] = (), place: Place = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path
        self.place = place

    def at(self, place: Place, path: tuple[str | int, ...] = ()) -> GraphError:
        """Return the error with its place in the operation and in the answer, unless it knows a nearer one."""
        if self.place:
            return self
        return GraphError(self.code, self.message, self.path or path or keys_of(place), place)

    def formatted(self) -> dict[str, object]:
        """Return the error as a GraphQL response writes it."""
        error: dict[str, object] = {"message": sayable(self.message)}
        if self.path:
            error["path"] = list(self.path)
        error["extensions"] = {"code": self.code}
        return error

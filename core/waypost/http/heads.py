"""How long a request may be and how slowly it may come, which uvicorn does not bound."""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# The longest query string that is read (see `requests`), and as much again for the headers.
MAX_HEAD_BYTES: Final = 128_000
HEAD_WITHIN_S: Final = 10.0
# A body is refused long before by whoever reads it; this is for one that nobody reads, and for its trailers.
MAX_REQUEST_BYTES: Final = 8_000_000
REQUEST_WITHIN_S: Final = 30.0
PIECE_BYTES: Final = 16_384  # what is counted at once, so that a large read cannot hide a long head
TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedRequests(HttpToolsProtocol):
    """One connection: uvicorn's, closed when a request or its head is too large or takes too long."""

    head_within_s = HEAD_WITHIN_S
    request_within_s = REQUEST_WITHIN_S
    _in_head = True
    _bytes = 0  # of the request that is being read
    _ends: float | None = None  # by the loop's clock
    _timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait(self.head_within_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a head."""
        super().on_message_begin()
        self._in_head, self._bytes = True, 0
        self._wait(self.head_within_s)

    def on_headers_complete(self) -> None:
        """Let the request be answered, since its head is whole, and wait for the rest."""
        self._in_head = False
        self._wait(self.request_within_s)
        super().on_headers_complete()
        if self.parser.should_upgrade():
            if self._should_upgrade():
                self._wait(None)  # what is no HTTP has limits of its own
            else:
                self.cycle.keep_alive = False  # the parser reads nothing more, though we stay with HTTP/1.1

    def on_message_complete(self) -> None:
        """Wait for nothing: whether there will be another request is uvicorn's business."""
        self._wait(None)
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Read what came, piece by piece, and no further than a request may be long."""
        for begin in range(0, len(data), PIECE_BYTES):
            piece = data[begin : begin + PIECE_BYTES] if len(data) > PIECE_BYTES else data
            super().data_received(piece)
            if self.transport.is_closing() or self.transport.get_protocol() is not self:
                return
            self._bytes += len(piece)
            if self._bytes > (MAX_HEAD_BYTES if self._in_head else MAX_REQUEST_BYTES):
                if self._in_head:
                    self.transport.write(TOO_LARGE)
                self.transport.close()
                return

    def _wait(self, seconds: float | None) -> None:
        """Close the connection unless this is called again within so many seconds.

        A timer that is set stays until it rings, since setting one costs more than a look at the clock.
        """
        self._ends = None if seconds is None else self.loop.time() + seconds
        if self._ends is not None and (self._timer is None or self._timer.when() > self._ends):
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self.loop.call_at(self._ends, self._rings)

    def _rings(self) -> None:
        self._timer = None
        if self._ends is None:
            return
        if self._ends > self.loop.time():
            self._timer = self.loop.call_at(self._ends, self._rings)
        else:
            if not self._in_head and not self.cycle.response_started:
                self.transport.write(TOO_SLOW)
            self.transport.close()

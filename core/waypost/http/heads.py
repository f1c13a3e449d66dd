"""How long a request may be and how slowly its head may come, neither of which uvicorn bounds on httptools."""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# The longest query string that is read (see `requests`), and as much again for the headers.
MAX_HEAD_BYTES: Final = 128_000
# A body is refused long before by whoever reads it; this is for one that nobody reads, and for its trailers.
MAX_REQUEST_BYTES: Final = 8_000_000
HEAD_WITHIN_S: Final = 10.0
PIECE_BYTES: Final = 16_384  # what is counted at once, so that a large read cannot hide a long head
TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedHeads(HttpToolsProtocol):
    """One connection: uvicorn's, closed when a request or its head is too large, or the head takes too long."""

    head_within_s = HEAD_WITHIN_S
    _bytes = 0  # of the request that is being read
    _head_ends: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._head_is_here()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a head."""
        super().on_message_begin()
        self._bytes = 0
        self._wait_for_head()

    def on_headers_complete(self) -> None:
        """Let the request be answered: its head is whole."""
        self._head_is_here()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Read what came, piece by piece, and no further than a request may be long."""
        for begin in range(0, len(data), PIECE_BYTES):
            piece = data[begin : begin + PIECE_BYTES] if len(data) > PIECE_BYTES else data
            super().data_received(piece)
            if self.transport.is_closing():
                return
            self._bytes += len(piece)
            in_head = self._head_ends is not None
            if self._bytes > (MAX_HEAD_BYTES if in_head else MAX_REQUEST_BYTES):
                if in_head:
                    self.transport.write(TOO_LARGE)
                self.transport.close()
                return

    def _wait_for_head(self) -> None:
        if self._head_ends is None:
            self._head_ends = self.loop.call_later(self.head_within_s, self._too_slow)

    def _head_is_here(self) -> None:
        if self._head_ends is not None:
            self._head_ends.cancel()
            self._head_ends = None

    def _too_slow(self) -> None:
        """Close without a word: who takes so long to ask does not listen."""
        self._head_ends = None
        self.transport.close()

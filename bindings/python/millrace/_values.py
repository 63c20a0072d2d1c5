"""Converts Python's values to the C structures; the Arena keeps alive what C only borrows."""
import ctypes

from . import _c


# One level more than the library sends, so that the library counts skipped values.
_DEPTH_MAX = 17


class Arena:
    """Owns the objects that structures point to. One for each call; dropped after the call."""

    def __init__(self):
        self._kept = []
        self._known = {}  # (id, depth) of a list or dict -> the object and its value

    def keep(self, thing):
        self._kept.append(thing)
        return thing

    def text(self, text):
        """Accepts str or bytes. The library repairs text that is not UTF-8 (lone surrogates)."""
        data = text if isinstance(text, bytes) else str(text).encode("utf-8", "surrogatepass")
        buffer = self.keep(ctypes.create_string_buffer(data, len(data) or 1))
        return _c.Text(ctypes.addressof(buffer), len(data))

    def value(self, thing, depth=0):
        """A list that is part of several others, or of itself, is converted once for each depth.
        The library refuses it when it stands for more values than an item may have."""
        if not isinstance(thing, (dict, list, tuple)):
            return self._value(thing, depth)
        if depth >= _DEPTH_MAX:
            return _c.Value()
        known = self._known.get((id(thing), depth))
        if known is None:
            # The object is kept too, so that no other object gets its id.
            known = self._known[id(thing), depth] = (thing, self._value(thing, depth))
        return known[1]

    def _value(self, thing, depth):
        value = _c.Value()
        if thing is None:
            value.type = 0
        elif isinstance(thing, str):
            value.type, value.as_.text = 1, self.text(thing)
        elif isinstance(thing, bool):
            value.type, value.as_.boolean = 2, int(thing)
        elif isinstance(thing, int):
            # OTLP has no integers beyond 64 bits: use the nearest one.
            value.type, value.as_.integer = 3, max(-2**63, min(thing, 2**63 - 1))
        elif isinstance(thing, float):
            value.type, value.as_.number = 4, thing
        elif isinstance(thing, (bytes, bytearray, memoryview)):
            value.type, value.as_.text = 5, self.text(bytes(thing))
        elif isinstance(thing, dict):
            entries = self.attributes(thing, depth + 1)
            value.type = 7
            value.as_.map = _c.Array(ctypes.cast(entries, ctypes.c_void_p), len(thing))
        elif isinstance(thing, (list, tuple)):
            items = self.keep((_c.Value * max(len(thing), 1))(
                *[self.value(one, depth + 1) for one in thing]))
            value.type = 6
            value.as_.array = _c.Array(ctypes.cast(items, ctypes.c_void_p), len(thing))
        else:
            value.type, value.as_.text = 1, self.text(str(thing))
        return value

    def attributes(self, mapping, depth=0):
        """Returns an array of attributes; empty for None."""
        mapping = mapping or {}
        return self.keep((_c.Attribute * max(len(mapping), 1))(
            *[_c.Attribute(self.text(key), self.value(thing, depth))
              for key, thing in mapping.items()]))

    def structures(self, kind, items):
        return self.keep((kind * max(len(items), 1))(*items))

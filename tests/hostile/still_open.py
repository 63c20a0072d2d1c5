"""Defects that an attack shows and that are not mended yet: shown as `open`, not counted, and named at the end of
./test. Whoever mends one takes its line out."""

STILL_OPEN: dict[str, str] = {}

"""Known defects that an attack shows: reported as `open`, not counted, and listed at the end of
./test. Remove the line of a defect when it is fixed."""

STILL_OPEN: dict[str, str] = {}

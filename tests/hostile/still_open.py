"""Defects that an attack shows and that are not mended yet: shown as `open`, not counted, and named at the end of
./test. Whoever mends one takes its line out."""

STILL_OPEN = {
    "passwords_are_guessed": "hashes of wrong passwords (bcrypt) run whole on the loop, a burst of some 30 at once",
}

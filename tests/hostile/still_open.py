"""Defects that an attack shows and that are not mended yet: shown as `open`, not counted, and named at the end of
./test. Whoever mends one takes its line out."""

STILL_OPEN = {
    "little_is_announced_by_many_and_never_sent":
        "500 connections that announce a megabyte each over HTTP/1.1 have all of the budget for 60 s",
    "bodies_come_a_byte_at_a_time": "the same, kept up by a byte now and then",
    "passwords_are_guessed": "hashes of wrong passwords (bcrypt) run whole on the loop, a burst of some 30 at once",
}

// The version of these headers; semantic versioning. Before 1.0 a new minor version may change the
// interface, and then has another SOVERSION.
#pragma once

// Major version 0: the interface may still change.
#define MILLRACE_VERSION_MAJOR 0
// A new minor version changes the interface.
#define MILLRACE_VERSION_MINOR 1
// A new patch version contains only bug fixes.
#define MILLRACE_VERSION_PATCH 0

// The version of these headers; semantic versioning. Before 1.0 a new minor version may change the
// interface, and then has another SOVERSION.
#pragma once

// 0: the interface may still change.
#define MILLRACE_VERSION_MAJOR 0
// Another one is another interface.
#define MILLRACE_VERSION_MINOR 1
// Repairs only.
#define MILLRACE_VERSION_PATCH 0

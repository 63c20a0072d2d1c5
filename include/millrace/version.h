// The version of these headers; semantic versioning. Before 1.0 a new minor version may change the
// interface, and then has another SOVERSION.
#pragma once

#define MILLRACE_VERSION_MAJOR 0
#define MILLRACE_VERSION_MINOR 1
#define MILLRACE_VERSION_PATCH 0

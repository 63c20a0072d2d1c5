// What every header of the C interface begins with.
#pragma once

#include <stdint.h>

#ifndef MILLRACE_API
// Visible outside the library.
#define MILLRACE_API __attribute__((visibility("default")))
#endif

// In C++ the width of an enumeration is said, in C it is that of unsigned int.
#ifdef __cplusplus
#define MILLRACE_ENUM(name) enum name : uint32_t
#else
#define MILLRACE_ENUM(name) enum name
#endif

// What stands between the two has the linkage of C.
#ifndef __cplusplus
#define MILLRACE_C_BEGIN
// The other one.
#define MILLRACE_C_END
#else
#define MILLRACE_C_BEGIN extern "C" {
#define MILLRACE_C_END }
#endif

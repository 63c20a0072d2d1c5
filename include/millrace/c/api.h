// Macros that every header of the C interface uses.
#pragma once

#include <stdint.h>

#ifndef MILLRACE_API
// Makes a function visible outside the library.
#define MILLRACE_API __attribute__((visibility("default")))
#endif

// The width of an enumeration: explicit in C++; in C it is the width of unsigned int.
#ifdef __cplusplus
#define MILLRACE_ENUM(name) enum name : uint32_t
#else
#define MILLRACE_ENUM(name) enum name
#endif

// Declarations between MILLRACE_C_BEGIN and MILLRACE_C_END have C linkage.
#ifndef __cplusplus
#define MILLRACE_C_BEGIN
// Ends the declarations with C linkage.
#define MILLRACE_C_END
#else
#define MILLRACE_C_BEGIN extern "C" {
#define MILLRACE_C_END }
#endif

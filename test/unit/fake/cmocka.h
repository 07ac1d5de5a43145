/* SPDX-License-Identifier: ISC */
/* cmocka with the headers that it wants included before it. */
#ifndef TEST_UNIT_FAKE_CMOCKA_H
#define TEST_UNIT_FAKE_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif

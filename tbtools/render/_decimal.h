/* Floats as Python writes them: the shortest decimal that reads back, and its layout by repr.

   The digits are those of C++17's std::to_chars, which are the shortest, and of equally short ones
   the nearest; so are Python's (mode 0 of David Gay's dtoa) and NumPy's for float32. */

#ifndef TBTOOLS_DECIMAL_H
#define TBTOOLS_DECIMAL_H

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

/* Of a float64: sign, 17 digits, point, and e-308. An int64 has 20 characters. */
#define TBTOOLS_LONGEST_NUMBER 24

/* repr has exponents where the point would stand outside of these places (float_repr_style short
   of CPython's PyOS_double_to_string). */
#define TBTOOLS_FIRST_POINT -4
#define TBTOOLS_LAST_POINT 16

static inline char *tbtools_put(char *out, const char *from, int count) {
    std::memcpy(out, from, count);
    return out + count;
}

static inline char *tbtools_put_zeros(char *out, int count) {
    std::memset(out, '0', count);
    return out + count;
}

/* A finite number; returns the place behind it. */
template <class Float> static inline char *tbtools_write_float(char *out, Float value) {
    char digits[TBTOOLS_LONGEST_NUMBER + 8];
    if (std::signbit(value)) {
        *out++ = '-';
        value = -value;
    }
    if (value == 0)
        return tbtools_put(out, "0.0", 3);
    /* d.ddde+xx, or de+xx: the digits move together over the point. */
    char *end = std::to_chars(digits, digits + sizeof digits, value,
                              std::chars_format::scientific).ptr;
    char *e = end - 4;
    while (*e != 'e')
        e--;
    int exponent = 0;
    for (char *p = e + 2; p < end; p++)
        exponent = 10 * exponent + (*p - '0');
    if (e[1] == '-')
        exponent = -exponent;
    int count = 1;
    if (digits[1] == '.') {
        count = (int)(e - digits) - 1;
        std::memmove(digits + 1, digits + 2, count - 1);
    }
    int point = exponent + 1;
    if (point <= TBTOOLS_FIRST_POINT || point > TBTOOLS_LAST_POINT) {
        *out++ = digits[0];
        if (count > 1) {
            *out++ = '.';
            out = tbtools_put(out, digits + 1, count - 1);
        }
        *out++ = 'e';
        *out++ = exponent < 0 ? '-' : '+';
        int size = exponent < 0 ? -exponent : exponent;
        if (size < 10)
            *out++ = '0';
        return std::to_chars(out, out + 3, size).ptr;
    }
    if (point <= 0) {
        out = tbtools_put(out, "0.", 2);
        out = tbtools_put_zeros(out, -point);
        return tbtools_put(out, digits, count);
    }
    if (count <= point) {
        out = tbtools_put(out, digits, count);
        out = tbtools_put_zeros(out, point - count);
        return tbtools_put(out, ".0", 2);
    }
    out = tbtools_put(out, digits, point);
    *out++ = '.';
    return tbtools_put(out, digits + point, count - point);
}

static inline char *tbtools_write_integer(char *out, int64_t value) {
    return std::to_chars(out, out + TBTOOLS_LONGEST_NUMBER, value).ptr;
}

#endif

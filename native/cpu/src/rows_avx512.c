#include "avx512.h"
#include "rows.h"
#include "widen.h"

const struct rows gatun_rows_avx512 = ROWS;

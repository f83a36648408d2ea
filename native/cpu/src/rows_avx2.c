#include "avx2.h"
#include "rows.h"
#include "widen.h"

const struct rows gatun_rows_avx2 = ROWS;

#include "avx2.h"
#include "rows.h"

const struct rows gatun_rows_avx2 = ROWS;

/* What the core takes of C's mathematics; the functions are the compiler's own. */
#define HUGE_VAL __builtin_huge_val()
#define isfinite(x) __builtin_isfinite(x)
#define signbit(x) __builtin_signbit(x)
double exp(double), fabs(double), floor(double), fmod(double, double), log(double), pow(double, double), sqrt(double);
float expf(float), sqrtf(float);

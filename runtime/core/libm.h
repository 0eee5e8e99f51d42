/* For build_wheels.py, before everything else: `exp`, `log` and `pow` are to be those of the system,
   which Python calls too. zig has its own, of which the last bit may differ, and takes them where
   it can. */
#if defined(_WIN32)
__declspec(dllimport) double exp(double);
__declspec(dllimport) double log(double);
__declspec(dllimport) double pow(double, double);
#elif defined(__linux__) && defined(__arm__)
__asm__(".symver exp, exp@GLIBC_2.4\n"
        ".symver log, log@GLIBC_2.4\n"
        ".symver pow, pow@GLIBC_2.4");
#endif

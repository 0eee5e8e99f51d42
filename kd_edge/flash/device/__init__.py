"""The program that runs on a device: it receives uploads, and installs a kit or a bundle.

It installs the runtime and therefore must not import it: it needs only the standard library of
Python 3.9 on Linux or macOS. A kit contains it as a zip that Python runs; over ssh it is sent
before each request and leaves no file behind (`kd_edge.flash.kit.program`).
"""

"""What runs on a device before and around the runtime: it takes uploads, and installs a kit.

It brings the runtime, so it uses nothing of the runtime: the standard library of Python 3.9 on
Linux or macOS. A kit holds it as a zip that Python runs; over ssh it is sent ahead of each
request and leaves nothing behind (`kd_edge.flash.kit.program`).
"""

"""What the emulated devices consist of, part by part."""

from __future__ import annotations

from dataclasses import dataclass

# Debian 12 has the Python (3.11) for which every wheel below was built, and the numpy that a
# 32-bit Raspberry Pi OS of that age installs.
RELEASE = "bookworm"
PYTHON = "3.11"

# ONNX Runtime dies at its import where it finds no processor that it knows.
CPUINFO = """\
processor\t: {number}
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3

"""
CORES = 4

# glibc 2.36 is Debian 12's.
_GLIBC = ("2_17", "2_27", "2_28", "2_31", "2_34")


@dataclass(frozen=True)
class System:
    """A device's operating system, as far as its Python needs one.

    Attributes:
        name: the part's folder, and the kind of device.
        architecture: Debian's name for it.
        emulator: the program of qemu-user that runs it.
        processor: the model that is emulated, by qemu's name.
        packages: of Debian, beside those that every system has.
        links: from a library's usual place to where Debian's alternatives would point it.
    """

    name: str
    architecture: str
    emulator: str
    processor: str
    packages: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()

    @property
    def included(self) -> tuple[str, ...]:
        """Every package that is unpacked, with what it depends on."""
        base = (f"python{PYTHON}-minimal", f"libpython{PYTHON}-stdlib", "libstdc++6", "libgomp1")
        return (*base, *self.packages)


@dataclass(frozen=True)
class Wheels:
    """Packages of PyPI in a folder of their own, for PYTHONPATH.

    Attributes:
        name: the part's folder.
        devices: the kinds of devices that may use it.
        requirements: what pip is asked for, each without what it depends on.
        platform: the processor in a wheel's name; "" for packages in plain Python.
    """

    name: str
    devices: tuple[str, ...]
    requirements: tuple[str, ...]
    platform: str = ""

    @property
    def platforms(self) -> tuple[str, ...]:
        """The tags of wheels that the device takes."""
        if not self.platform:
            return ("any",)
        tags = [f"manylinux_{version}_{self.platform}" for version in _GLIBC]
        return (*tags, f"manylinux2014_{self.platform}")


SYSTEMS = (
    System("pi-64", "arm64", "qemu-aarch64", "cortex-a53"),
    System(
        "pi-32",
        "armhf",
        "qemu-arm",
        "cortex-a7",
        packages=("python3-numpy",),
        links=(
            ("usr/lib/arm-linux-gnueabihf/libblas.so.3", "blas/libblas.so.3"),
            ("usr/lib/arm-linux-gnueabihf/liblapack.so.3", "lapack/liblapack.so.3"),
        ),
    ),
)

# tflite-runtime was built against numpy 1; LiteRT and ONNX Runtime want numpy 2.
WHEELS = (
    Wheels("click", ("pi-64", "pi-32"), ("click==8.5.1",)),
    Wheels(
        "pi-64-current",
        ("pi-64",),
        ("numpy==2.4.6", "onnxruntime==1.32.0", "ai-edge-litert==2.3.0", "tokenizers==0.23.3"),
        "aarch64",
    ),
    Wheels("pi-64-tflite", ("pi-64",), ("numpy==1.26.4", "tflite-runtime==2.14.0"), "aarch64"),
    Wheels("pi-32-tflite", ("pi-32",), ("tflite-runtime==2.14.0",), "armv7l"),
)

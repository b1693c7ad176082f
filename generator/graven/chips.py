"""Common microcontrollers with what they have, to see which of them a model fits.

Figures are those of the manufacturers' data sheets. RAM is the largest piece in one run of
addresses, for an arena is one array; flash outside of the chip is that of the board named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

KILO = 1024


@dataclass(frozen=True)
class Chip:
    name: str
    core: str
    target: str  # of graven
    megahertz: int
    flash: int  # bytes
    ram: int
    note: str = ""


def _chip(
    name: str, core: str, target: str, megahertz: int, flash: int, ram: int, note: str = ""
) -> Chip:
    return Chip(name, core, target, megahertz, flash * KILO, ram * KILO, note)


CHIPS = (
    _chip("STM32F030R8", "Cortex-M0", "cortex-m0", 48, 64, 8),
    _chip("STM32L072CZ", "Cortex-M0+", "cortex-m0", 32, 192, 20),
    _chip("RP2040", "Cortex-M0+", "cortex-m0", 133, 2048, 264, "flash of the Pico board"),
    _chip("STM32F103C8", "Cortex-M3", "cortex-m3", 72, 64, 20, "Blue Pill"),
    _chip("STM32F303CC", "Cortex-M4", "cortex-m4", 72, 256, 40),
    _chip("STM32L432KC", "Cortex-M4", "cortex-m4", 80, 256, 64),
    _chip("STM32F401CC", "Cortex-M4", "cortex-m4", 84, 256, 64, "Black Pill"),
    _chip("nRF52832", "Cortex-M4", "cortex-m4", 64, 512, 64),
    _chip("STM32F411RE", "Cortex-M4", "cortex-m4", 100, 512, 128),
    _chip("STM32F446RE", "Cortex-M4", "cortex-m4", 180, 512, 128),
    _chip("STM32F405RG", "Cortex-M4", "cortex-m4", 168, 1024, 128, "and 64 KB apart"),
    _chip("ATSAMD51J19", "Cortex-M4", "cortex-m4", 120, 512, 192),
    _chip("nRF52840", "Cortex-M4", "cortex-m4", 64, 1024, 256, "Arduino Nano 33 BLE"),
    _chip("STM32F765VI", "Cortex-M7", "cortex-m7", 216, 2048, 512),
    _chip("STM32H743ZI", "Cortex-M7", "cortex-m7", 480, 2048, 512, "of 1 MB in all"),
    _chip("i.MX RT1062", "Cortex-M7", "cortex-m7", 600, 2048, 512, "flash of the Teensy 4.0"),
    _chip("nRF5340", "Cortex-M33", "cortex-m33", 128, 1024, 512, "application core"),
    _chip("RP2350", "Cortex-M33", "cortex-m33", 150, 4096, 520, "flash of the Pico 2 board"),
    _chip("GD32VF103CB", "RV32IMAC", "riscv32", 108, 128, 32),
)


@dataclass(frozen=True)
class Need:
    """What a model takes on a target, in bytes."""

    flash: int
    ram: int


@dataclass(frozen=True)
class Fit:
    chip: Chip
    need: Need
    measured: bool  # on this chip's own target; else on another

    @property
    def fits(self) -> bool:
        return self.need.flash <= self.chip.flash and self.need.ram <= self.chip.ram


def fits(needs: Mapping[str, Need]) -> list[Fit]:
    """Every chip, by what its target needs; where that is not known, by what is known to need
    most."""
    most = Need(
        max(need.flash for need in needs.values()), max(need.ram for need in needs.values())
    )
    return [Fit(chip, needs.get(chip.target, most), chip.target in needs) for chip in CHIPS]

/* SPDX-License-Identifier: ISC */
/* Where the modern structures of the fuzz targets' PCI device are in its BAR 4. */
#ifndef FUZZ_PCI_H
#define FUZZ_PCI_H

#define FUZZ_PCI_COMMON 0x0000u
#define FUZZ_PCI_ISR 0x1000u
#define FUZZ_PCI_DEVICE 0x2000u
#define FUZZ_PCI_NOTIFY 0x3000u
#define FUZZ_PCI_BAR_SIZE 0x4000u

#endif

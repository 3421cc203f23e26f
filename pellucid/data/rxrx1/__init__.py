"""RxRx1: tables of wells, images of six channels, and what may be missing among them."""

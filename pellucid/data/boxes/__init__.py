"""Boxes: objects marked in pictures, read from VOC, COCO, YOLO and CSV, and written again."""

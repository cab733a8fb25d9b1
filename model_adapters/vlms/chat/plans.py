"""Image plans that several families share: how many tokens an image takes, and the largest setting that fits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from model_adapters.vlms.chat.family import ImagePlan, Size


def largest(candidates: Iterable[ImagePlan], room: int) -> ImagePlan:
    """The first plan whose tokens fit into `room`, else the last one; candidates come largest first."""
    plan = ImagePlan(())
    for plan in candidates:
        if sum(plan.tokens) <= room:
            return plan
    return plan


def fixed(processor: Any, sizes: Sequence[Size], room: int, options: Mapping[str, Any]) -> ImagePlan:
    """LLaVA 1.5 and interleave: a fixed grid of patches per image, whatever its size."""
    images = processor.image_processor
    cropped = getattr(images, "do_center_crop", False) and images.crop_size
    size = images.crop_size if cropped else images.size
    height, width = _get(size, "height"), _get(size, "width")
    if height is None or width is None:
        height = width = _get(size, "shortest_edge")
    tokens = (height // processor.patch_size) * (width // processor.patch_size) + processor.num_additional_image_tokens
    tokens -= processor.vision_feature_select_strategy == "default"
    return ImagePlan((tokens,) * len(sizes))


def counted_by_processor(processor: Any, sizes: Sequence[Size]) -> ImagePlan:
    """What the processor counts for AnyRes tiles; nothing to choose."""
    counted = processor._get_num_multimodal_tokens(image_sizes=[list(size) for size in sizes])
    return ImagePlan(tuple(int(each) for each in counted["num_image_tokens"]))


def _get(size: Any, key: str) -> Any:
    return size.get(key) if isinstance(size, Mapping) else getattr(size, key, None)


def smart_resize(size: Size, factor: int, lowest: int, highest: int) -> Size:
    """The size that Qwen2-VL's processor gives an image: multiples of `factor`, between two numbers of pixels.

    Source: the function of that name in `transformers`' Qwen2-VL image processor.
    """
    rounded = [round(side / factor) * factor for side in size]
    area, pixels = size[0] * size[1], rounded[0] * rounded[1]
    if pixels > highest:
        shrink = math.sqrt(area / highest)
        rounded = [max(factor, math.floor(side / shrink / factor) * factor) for side in size]
    elif pixels < lowest:
        grow = math.sqrt(lowest / area)
        rounded = [math.ceil(side * grow / factor) * factor for side in size]
    return rounded[0], rounded[1]


def by_pixels(processor: Any, sizes: Sequence[Size], room: int, options: Mapping[str, Any]) -> ImagePlan:
    """Qwen2-VL and later: an image of h x w pixels takes h * w / factor^2 tokens; the pixel cap is lowered to fit.

    The cap per image is `max_pixels` (0: 1280 tokens' worth, or the checkpoint's own cap if that is lower); where all
    images together would not fit, it is the largest whole number of tokens' worth that does.
    """
    images = processor.image_processor
    factor = images.patch_size * images.merge_size
    lowest, own = _get(images.size, "shortest_edge"), _get(images.size, "longest_edge")
    highest = int(options["max_pixels"]) or min(own, 1280 * factor**2)

    def plan(tokens: int) -> ImagePlan:
        cap = max(tokens * factor**2, lowest)
        each = [smart_resize(size, factor, lowest, cap) for size in sizes]
        counts = tuple(height * width // factor**2 for height, width in each)
        return ImagePlan(counts, {"size": {"shortest_edge": lowest, "longest_edge": cap}})

    top, bottom = highest // factor**2, max(1, -(-lowest // factor**2))
    if sum(plan(top).tokens) <= room:
        return plan(top)
    while bottom < top - 1:  # plan(top) does not fit; if anything does, plan(bottom) does
        middle = (bottom + top) // 2
        bottom, top = (middle, top) if sum(plan(middle).tokens) <= room else (bottom, middle)
    return plan(bottom)


def by_longest_edge(processor: Any, sizes: Sequence[Size], room: int, options: Mapping[str, Any]) -> ImagePlan:
    """Idefics3 and SmolVLM: the image is enlarged to `k` tiles along its longer side, and cut; k = 1 is one tile.

    k starts at `max_tiles_per_side` (0: the checkpoint's own) and is lowered until all images fit.
    """
    images = processor.image_processor
    tile = _get(images.max_image_size, "longest_edge")
    own = max(1, _get(images.size, "longest_edge") // tile) if images.do_image_splitting else 1
    most = int(options["max_tiles_per_side"]) or own
    return largest((_tiled(processor, sizes, tile, k) for k in range(most, 0, -1)), room)


def _tiled(processor: Any, sizes: Sequence[Size], tile: int, k: int) -> ImagePlan:
    each = processor.image_seq_len
    call = {"do_image_splitting": k > 1, "size": {"longest_edge": k * tile}}
    if k == 1:
        return ImagePlan((each + 3,) * len(sizes), call)
    newlines = len(processor.tokenizer("\n\n", add_special_tokens=False)["input_ids"])
    counts = []
    for height, width in sizes:
        rows, columns = tile_grid(height, width, tile, k)
        split = rows > 1 or columns > 1
        counts.append((rows * (columns * (each + 2) + 1) + newlines - 1 if split else 0) + each + 3)
    return ImagePlan(tuple(counts), call)


def tile_grid(height: int, width: int, tile: int, k: int) -> Size:
    """(rows, columns) of an image whose longer side becomes k tiles; the shorter one is rounded up to whole tiles.

    Source: resize, resize_for_vision_encoder and split_images of `transformers`' Idefics3 image processor: the shorter
    side after the first resize is truncated to whole pixels and made even.
    """
    longest = k * tile
    wide = width >= height
    short = int(longest / (width / height)) if wide else int(longest * (width / height))
    short = max(1, short + short % 2)
    again = int(longest / (longest / short)) if wide else int(longest * (short / longest))
    tiles = -(-again // tile)
    return (tiles, k) if wide else (k, tiles)


def by_patches(processor: Any, sizes: Sequence[Size], room: int, options: Mapping[str, Any]) -> ImagePlan:
    """InternVL: an image is cut into up to `max_patches` tiles of 256 tokens, plus a thumbnail if there are several.

    The cap starts at `max_patches` (0: the checkpoint's own, shared among the images) and is lowered until all fit.
    """
    images = processor.image_processor
    most = int(options["max_patches"]) or max(1, images.max_patches // len(sizes))
    tile = (_get(images.size, "height"), _get(images.size, "width"))

    def plan(cap: int) -> ImagePlan:
        counts = []
        for size in sizes:
            tiles = math.prod(tile_canvas(size, tile, images.min_patches, cap)) if cap > 1 else 1
            counts.append((tiles + (tiles > 1)) * processor.image_seq_length + 2)
        return ImagePlan(tuple(counts), {"crop_to_patches": True, "max_patches": cap})

    return largest((plan(cap) for cap in range(most, 0, -1)), room)


def tile_canvas(size: Size, tile: Size, fewest: int, most: int) -> Size:
    """(columns, rows) of the grid whose aspect ratio is nearest to the image's.

    Of equally near grids the larger one wins while it is less than twice the image's area. Source: InternVL's dynamic
    preprocessing, as in `transformers`' GotOcr2 image processor.
    """
    grids = [(w, h) for w in range(1, most + 1) for h in range(1, most + 1) if fewest <= w * h <= most]
    best, nearest = (1, 1), math.inf
    for grid in sorted(grids, key=lambda each: each[0] * each[1]):
        apart = abs(size[1] / size[0] - grid[0] / grid[1])
        roomy = size[0] * size[1] > 0.5 * tile[0] * tile[1] * grid[0] * grid[1]
        if apart < nearest or (apart == nearest and roomy):
            best, nearest = grid, apart
    return best


def perceived(processor: Any, sizes: Sequence[Size], room: int, options: Mapping[str, Any]) -> ImagePlan:
    """Idefics2: a resampler gives every image 64 tokens between two marks; splitting makes five images of one.

    One token more is counted per image for the space that the processor puts between an image and text.
    """
    processor.image_processor.do_image_splitting = bool(options["splitting"])
    pieces = 5 if options["splitting"] else 1
    return ImagePlan((pieces * (processor.image_seq_len + 2) + 1,) * len(sizes))

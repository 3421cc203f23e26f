"""The people of a picture from an exported model of poses, with onnxruntime, NumPy and Pillow alone.

    pellucid export runs/scenes --format onnx --out poses.onnx
    python poses_onnx.py poses.onnx picture.png           (points_onnx.py, which reads the picture, beside it)

Joints are the peaks of maps; limbs join two of them along a field, the best pair first (as --matching greedy does).
"""

import json
import sys

import numpy as np

try:
    from points_onnx import asked
except ImportError:
    from docs.examples.points_onnx import asked

BESIDE = 0.3        # of a map above the hills of its tops: the shoulder of a hill that is another joint


def top_between(before, at, after):
    """How far the top of a hill lies from its highest place: the parabola through the logarithms."""
    if before is None or after is None:
        return 0.0
    low, middle, high = np.log(np.maximum([before, at, after], 1e-6))
    bend = 2 * (2 * middle - low - high)
    return float(np.clip((high - low) / max(bend, 1e-6), -0.5, 0.5)) if bend > 0 else 0.0


def tops(values, least):
    """Rows and columns of the places of a map that no neighbour exceeds, and how far off in x and y their tops lie."""
    height, width = values.shape
    one = np.pad(values.astype(np.float64), 1, constant_values=-np.inf)
    found = []
    for i, j in np.argwhere(values >= least).tolist():
        near, at = one[i : i + 3, j : j + 3].ravel(), one[i + 1, j + 1]
        if (near[:4] < at).all() and (near[5:] <= at).all():         # of equal ones the first
            left, right = (None if not 0 <= j + d < width else one[i + 1, j + 1 + d] for d in (-1, 1))
            above, below = (None if not 0 <= i + d < height else one[i + 1 + d, j + 1] for d in (-1, 1))
            found.append((i, j, top_between(left, at, right), top_between(above, at, below)))
    return found


def peaks(maps, codec):
    """Candidates (kind, x, y, height) in pixels of the input: tops, and tops of what lies above their hills."""
    rows, columns = np.mgrid[: maps.shape[0], : maps.shape[1]]
    found = []
    for kind in range(maps.shape[2]):
        one = maps[..., kind]
        first, hills = tops(one, codec["least"]), np.zeros(one.shape)
        for i, j, x, y in first:
            apart = (columns - j - x) ** 2 + (rows - i - y) ** 2 - x**2 - y**2
            hills = np.maximum(hills, one[i, j] * np.exp(-apart / codec["hill"] ** 2))
        high = (one >= BESIDE) & (one >= codec["least"])
        beside = tops(np.where(high, one - hills, 0).astype(one.dtype), BESIDE)
        found += [(kind, (j + 0.5 + x) * codec["stride"], (i + 0.5 + y) * codec["stride"], float(one[i, j]))
                  for i, j, x, y in first + beside]
    return found


def field_at(field, x, y):
    """The two numbers of a field (h,w,2) at a spot in places, read between places."""
    height, width, _ = field.shape
    x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
    i, j = min(int(y), max(height - 2, 0)), min(int(x), max(width - 2, 0))
    v, u = y - i, x - j
    below, right = min(i + 1, height - 1), min(j + 1, width - 1)
    return ((1 - v) * ((1 - u) * field[i, j] + u * field[i, right])
            + v * ((1 - u) * field[below, j] + u * field[below, right]))


def along(field, start, end, codec):
    """The mean of the field along a segment, less what is too long; None where it does not meet the field."""
    (ax, ay), (bx, by) = start[1:3], end[1:3]
    length = max(np.hypot(bx - ax, by - ay), 1e-6)
    unit = np.array([bx - ax, by - ay]) / length
    met = []
    for share in (np.arange(10) + 0.5) / 10:
        x, y = ax + share * (bx - ax), ay + share * (by - ay)
        met.append(float(field_at(field, x / codec["stride"] - 0.5, y / codec["stride"] - 0.5) @ unit))
    heights, longest = np.sqrt(max(start[3] * end[3], 0)), 0.5 * field.shape[0] * codec["stride"]
    score = np.mean(met) * heights + min(longest / length - 1, 0)
    return score if sum(one <= 0 for one in met) < 2 and score > 0 else None


def joined(found, fields, codec):
    """People as [{kind: candidate}, sum of limbs, number of limbs]."""
    part_of, root = {}, list(range(codec["joints"]))
    late, limbs = [], []
    for number, (a, b) in enumerate(codec["limbs"]):                 # a limb that closes a circle comes last
        (late if root[a] == root[b] else limbs).append(number)
        root = [root[a] if one == root[b] else one for one in root]
    for number in limbs + late:
        a, b = codec["limbs"][number]
        pairs = [(along(fields[..., 2 * number : 2 * number + 2], found[i], found[j], codec), i, j)
                 for i in range(len(found)) if found[i][0] == a for j in range(len(found)) if found[j][0] == b]
        taken = set()
        for score, *ends in sorted((pair for pair in pairs if pair[0] is not None), key=lambda pair: -pair[0]):
            if taken & set(ends):
                continue
            taken |= set(ends)
            if number in late and not any(end in part_of for end in ends):
                continue
            one, other = (part_of.get(end) or [{found[end][0]: end}, 0.0, 0] for end in ends)
            if one is not other:
                if one[0].keys() & other[0].keys():
                    continue
                one[0].update(other[0])
                one[1], one[2] = one[1] + other[1], one[2] + other[2]
                part_of[ends[0]] = one
                part_of.update(dict.fromkeys(other[0].values(), one))
            one[1], one[2] = one[1] + score, one[2] + 1
    return list({id(part): part for part in part_of.values()}.values())


def read(outputs, codec):
    """People as (score, {kind: (x, y)}) in pixels of the input, the surest first, of maps and fields (h,w,K+2L)."""
    found, people = peaks(outputs[..., : codec["joints"]], codec), []
    for members, bond, count in joined(found, outputs[..., codec["joints"] :].astype(np.float64), codec):
        total = sum(found[one][3] for one in members.values()) + bond
        if len(members) >= codec["least_joints"] and total / (len(members) + count) >= 0.3:
            people.append((total / (2 * codec["joints"] - 1), {kind: found[one][1:3] for kind, one in members.items()}))
    return sorted(people, key=lambda person: -person[0])


def people(file, picture):
    """The people of a picture in its own pixels, as `pellucid predict --json` tells them."""
    outputs, record, (scale, corner) = asked(file, picture)
    names = record["skeleton"]["names"]
    return [{"score": round(score, 6), "points": [
        {"name": names[kind], **dict(zip("xy", ((np.array(place) - corner) / scale).round(3).tolist(), strict=True))}
        for kind, place in sorted(points.items())]} for score, points in read(outputs, record["codec"])]


if __name__ == "__main__":
    print(json.dumps(people(sys.argv[1], sys.argv[2]), indent=1))

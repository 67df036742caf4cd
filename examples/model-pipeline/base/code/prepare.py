"""Makes libsvm files for training and validation of the abalone table in CSV.

The table's columns: sex, seven measures, rings. Rings are what is to be told.
"""

import pathlib
import sys
import zlib

ROOT = pathlib.Path("/opt/ml/processing")
SEXES = {"M": 1, "F": 2, "I": 3}


def libsvm(line):
    sex, *measures, rings = line.strip().split(",")
    features = [SEXES[sex], *measures]
    return rings + "".join(f" {i}:{value}" for i, value in enumerate(features, 1))


def main(share):
    """Puts a share of the lines, in percent, aside for validation.

    A line's checksum decides, so that the same table is always divided alike.
    """
    lines = [line for file in sorted((ROOT / "raw").iterdir()) for line in file.read_text().splitlines() if line]
    for name, wanted in (("train", lambda n: n >= share), ("validation", lambda n: n < share)):
        directory = ROOT / name
        directory.mkdir(parents=True, exist_ok=True)
        chosen = [libsvm(line) for line in lines if wanted(zlib.crc32(line.encode()) % 100)]
        (directory / "abalone.libsvm").write_text("\n".join(chosen) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))

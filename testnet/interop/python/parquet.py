"""What DuckDB, which knows nothing of Comity, reads in a Parquet file that a report was written to.

    python parquet.py FILE EXPECTED        one line of JSON; ends with 0 if both say the same

EXPECTED is JSON: `columns`, each with its name and what it holds (`text` or `number`), and `lines`, each a list of texts,
numbers and nulls.
"""

import json
import sys
from pathlib import Path

import duckdb

HOLDS = {"VARCHAR": "text", "UBIGINT": "number"}


def read(path):
    found = duckdb.connect().execute("SELECT * FROM read_parquet(?)", [str(path)])
    columns = [[column[0], HOLDS.get(str(column[1]), str(column[1]))] for column in found.description]
    return {"columns": columns, "lines": [list(line) for line in found.fetchall()]}


def main(file, expected):
    found, wanted = read(Path(file)), json.loads(Path(expected).read_text())
    differs = next(
        (n for n, (one, other) in enumerate(zip(found["lines"], wanted["lines"])) if one != other),
        None,
    )
    same = found == wanted
    print(json.dumps({"ok": same, "lines": len(found["lines"]), "columns": found["columns"], "differs": differs}))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

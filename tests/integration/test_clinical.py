"""Clinical variables that come after the images: a new revision with predictions made anew, nothing else."""

from pathlib import Path

import httpx
from archive import archive
from integration.serving import ends, events, send, settings, study, until
from typer.testing import CliRunner
from workers.images import image

from node.cli.main import app
from node.serve import Node

TOKEN = "a token of the site"


def test_variables_by_rest_and_csv_make_the_predictions_anew(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with archive() as there:
        given = settings(data, there.port, web={"port": 0, "token": TOKEN})
        with Node(given, function="workers.analyses:report") as node:
            send(node.port, image("1.2.3"))
            ends(node.engine, "1.2.3", "done")
            answer = httpx.put(
                f"{node.url}api/patients/P1/clinical",
                json={"age": 61},
                headers={"Authorization": f"Bearer {TOKEN}"},
                trust_env=False,
            )
            assert answer.json() == {"variables": {"age": 61.0}, "analysed_again": "1.2.3"}
            until(lambda: len(there.received) == 3)
            ends(node.engine, "1.2.3", "done")
            assert study(node.engine, "1.2.3").revision == 2
            sheet, config = tmp_path / "variables.csv", tmp_path / "node.toml"
            sheet.write_text("patient,sex,bmi\nP1,F,24.5\n", encoding="utf-8")
            config.write_text(f'data_dir = "{data}"\n', encoding="utf-8")
            result = CliRunner().invoke(app, ["clinical", "import", str(sheet), "-c", str(config)])
            assert "1 cases will be predicted again" in result.output
            until(lambda: len(there.received) == 4)
            ends(node.engine, "1.2.3", "done")
            assert events(node.engine, "1.2.3")[-4:] == ["clinical", "claimed", "analysed", "delivered"]
    assert [d.TextValue for d in there.received] == [
        "['1.2.3']",
        "['1.2.3'] None",
        "['1.2.3'] {'age': 61.0}",
        "['1.2.3'] {'age': 61.0, 'sex': 'F', 'bmi': 24.5}",
    ]

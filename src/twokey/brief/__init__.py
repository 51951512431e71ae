"""The dossier: a scenario in; verdicts, designs, money and marked claims out, for the terminal or the browser."""

from twokey.brief.dossier import Brief, run
from twokey.brief.files import write_html, write_pdf
from twokey.brief.scenario import Scenario, read_scenario

__all__ = ["Brief", "Scenario", "read_scenario", "run", "write_html", "write_pdf"]

"""Reading what /metrics answers, as Prometheus does."""

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True)
class Scrape:
    """One answer of /metrics: all samples by their name and labels, and the families' types."""

    samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float]
    kinds: Mapping[str, str]

    def value(self, name: str, **labels: str) -> float:
        """Return one sample; 0 if it is not there."""
        return self.samples.get((name, frozenset(labels.items())), 0.0)

    def labels(self, name: str, label: str) -> set[str]:
        """Return the values of a label among all samples of a name."""
        return {dict(labels)[label] for found, labels in self.samples if found == name}

    @property
    def names(self) -> set[str]:
        """All samples' names."""
        return {name for name, _ in self.samples}


def parse(text: str) -> Scrape:
    """Return an answer, parsed."""
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families), "a family appears twice"
    samples = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }
    assert len(samples) == sum(len(family.samples) for family in families), "a sample twice"
    return Scrape(samples, {family.name: family.type for family in families})

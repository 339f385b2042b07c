"""Prove every exercise: its tests accept right answers, reject wrong ones and say why."""

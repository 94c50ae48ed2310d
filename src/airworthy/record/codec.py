"""Records to leaves and back."""

from __future__ import annotations

import msgspec

from airworthy.base import canonical
from airworthy.base.errors import StoreDamaged
from airworthy.record.control import GatewayStarted, GrantGiven, GrantRevoked, ReleaseAsked, StopPulled, StopReleased
from airworthy.record.data import GapMeasured
from airworthy.record.decision import DecisionMade, GateClosed, GateOpened, OutcomeLearnt
from airworthy.record.envelope import Record
from airworthy.record.epoch import CalibratorFitted, EpochStarted
from airworthy.record.governance import CharterAdopted, RunFinished, RunStarted
from airworthy.record.observation import ObservationMade, TruthLearnt
from airworthy.record.permit import EffectFinished, PermitIssued, PermitRedeemed, PermitVoided
from airworthy.record.review import AnswerGiven, DecisionSettled
from airworthy.record.trouble import (
    ClientFellBack,
    GapNoted,
    ModelFailed,
    OutcomeUnmatched,
    PermitRefused,
)

AnyRecord = (
    DecisionMade | OutcomeLearnt | GateOpened | GateClosed | EpochStarted | CalibratorFitted
    | CharterAdopted | RunStarted | RunFinished | GapMeasured
    | PermitIssued | PermitRedeemed | PermitVoided | PermitRefused | EffectFinished
    | AnswerGiven | DecisionSettled
    | GatewayStarted | GrantGiven | GrantRevoked | StopPulled | ReleaseAsked | StopReleased
    | ModelFailed | ClientFellBack | GapNoted | OutcomeUnmatched
    | ObservationMade | TruthLearnt
)  # fmt: skip

_decoder: msgspec.json.Decoder[AnyRecord] = msgspec.json.Decoder(AnyRecord)


def leaf(record: Record) -> bytes:
    """The exact bytes that enter the log. Declared types keep floats out; `ts` and `at` fit 53 bits until 2255."""
    return canonical.encode_trusted(record)


def record(leaf: bytes) -> AnyRecord:
    """The record a leaf holds. Raises StoreDamaged (R004) on foreign or damaged bytes."""
    try:
        return _decoder.decode(leaf)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise StoreDamaged(f"an entry cannot be read as a record: {error}", help="run: airworthy log verify") from None

"""From the settings to the service's parts, wired once: for the web application and the shell."""

from dataclasses import dataclass

from face_service.bootstrap import engine_options
from face_service.concurrency.gate import Gate
from face_service.concurrency.offload import Offloader
from face_service.jobs import DetectionJobs
from face_service.models.engine import Engine
from face_service.observing import Observer
from face_service.people.calibrating import Calibrating
from face_service.people.enrolment import Enrolment
from face_service.people.gatekeeping import Gatekeeper
from face_service.people.keeping import KeptPictures
from face_service.people.recognition import Recognition
from face_service.people.reembedding import Reembedding
from face_service.people.thresholds import ChosenThresholds, ThresholdChoice
from face_service.people.transfer import Transfer
from face_service.pipeline.crop import limit_opencv_threads
from face_service.pipeline.decode import Limits
from face_service.pipeline.enrolment_gate import GateLimits
from face_service.service import FaceService
from face_service.settings import Settings
from face_service.store.calibration_file import CalibrationFile
from face_service.store.feature_file import FeatureFile
from face_service.store.gallery.flat_file import FlatFileGallery
from face_service.store.gallery.interface import Gallery
from face_service.store.gallery.limits import GalleryLimits
from face_service.store.pictures import FOLDER_NAME, PictureStore
from face_service.store.tasks import TaskStore
from face_service.store.uploads import UploadStore
from face_service.vision import Vision, VisionOptions


@dataclass(frozen=True)
class Threads:
    """Three sets of threads, so that none has to wait for the others.

    ``cpu`` decodes and cuts, ``storage`` reads and writes files and searches the gallery,
    ``background`` does what takes seconds, one after the other.
    """

    cpu: Offloader
    storage: Offloader
    background: Offloader


@dataclass(frozen=True)
class Parts:
    """The parts of one service."""

    settings: Settings
    engine: Engine
    threads: Threads
    gate: Gate
    vision: Vision
    service: FaceService
    jobs: DetectionJobs
    uploads: UploadStore
    tasks: TaskStore
    gallery: FlatFileGallery
    thresholds: ThresholdChoice
    recognition: Recognition
    pictures: KeptPictures
    enrolment: Enrolment
    calibrating: Calibrating
    transfer: Transfer
    reembedding: Reembedding


def compose(
    settings: Settings, engine: Engine | None = None, observer: Observer | None = None
) -> Parts:
    """Return the parts. The engine is not started: see :meth:`Engine.start`.

    Args:
        settings: the only source of configuration.
        engine: to use instead of the one that the settings describe; it keeps its own observer.
        observer: who is told what requests do; nobody by default.
    """
    engine = engine or Engine(engine_options(settings), observer)
    threads = _make_threads(settings)
    storage = threads.storage
    gate = Gate(settings.max_in_work, settings.max_pixels_in_work, observer)
    vision = Vision(engine, threads.cpu, gate, _vision_options(settings), observer)
    uploads = UploadStore(settings.tmp_dir, settings.upload_ttl_seconds, settings.max_uploads)
    tasks, gallery = _make_tasks(settings), _make_gallery(settings)
    calibrated, slot = CalibrationFile(settings.face_dir), FeatureFile(settings.face_dir)
    thresholds = ThresholdChoice(engine, gallery, calibrated, storage, _chosen(settings))
    service = FaceService(vision, thresholds, slot, uploads, storage, gate, observer)
    pictures, keeper = _make_pictures(settings, gallery, storage), _make_keeper(settings, vision)
    return Parts(
        settings=settings,
        engine=engine,
        threads=threads,
        gate=gate,
        vision=vision,
        service=service,
        jobs=DetectionJobs(vision, service, tasks, gate, storage, settings.image_size),
        uploads=uploads,
        tasks=tasks,
        gallery=gallery,
        thresholds=thresholds,
        recognition=Recognition(vision, gallery, thresholds, storage, keeper, observer),
        pictures=pictures,
        enrolment=Enrolment(vision, gallery, thresholds, storage, keeper, pictures, observer),
        calibrating=_make_calibrating(settings, engine, gallery, calibrated, thresholds, threads),
        transfer=Transfer(vision, gallery, slot, threads.background),
        reembedding=Reembedding(vision, gallery, pictures, threads.background),
    )


def _make_threads(settings: Settings) -> Threads:
    limit_opencv_threads()
    return Threads(
        cpu=Offloader(settings.cpu_threads),
        storage=Offloader(settings.storage_threads),
        background=Offloader(1),
    )


def _vision_options(settings: Settings) -> VisionOptions:
    limits = Limits(settings.max_upload_bytes, settings.max_pixels, settings.max_side)
    live_only = settings.liveness == "require"
    return VisionOptions(limits, settings.image_size, settings.deadline_seconds, live_only)


def _chosen(settings: Settings) -> ChosenThresholds:
    return ChosenThresholds(settings.threshold, settings.identify_threshold, settings.identify_fpir)


def _make_calibrating(
    settings: Settings,
    engine: Engine,
    gallery: Gallery,
    calibrated: CalibrationFile,
    thresholds: ThresholdChoice,
    threads: Threads,
) -> Calibrating:
    most = settings.calibration_faces
    return Calibrating(engine, gallery, calibrated, thresholds, threads.background, most)


def _make_pictures(settings: Settings, gallery: Gallery, storage: Offloader) -> KeptPictures:
    kept = PictureStore(settings.face_dir / FOLDER_NAME)
    return KeptPictures(kept, gallery, storage, keep=settings.keep_pictures)


def _make_tasks(settings: Settings) -> TaskStore:
    return TaskStore(
        settings.tmp_dir / "tasks",
        settings.task_ttl_seconds,
        settings.max_tasks,
        # Waiting for the graphs, and generously for decoding before and storing after.
        longest=2 * settings.deadline_seconds,
    )


def _make_gallery(settings: Settings) -> FlatFileGallery:
    limits = GalleryLimits(
        max_faces=settings.max_gallery_faces,
        max_subject_faces=settings.max_subject_faces,
        compact_after=settings.compact_after_seconds,
    )
    return FlatFileGallery(settings.face_dir, limits)


def _make_keeper(settings: Settings, vision: Vision) -> Gatekeeper:
    limits = GateLimits(
        min_score=settings.enrol_min_score,
        min_pixels=settings.enrol_min_pixels,
        min_sharpness=settings.enrol_min_sharpness,
        min_brightness=settings.enrol_min_brightness,
        max_brightness=settings.enrol_max_brightness,
        max_yaw=settings.enrol_max_yaw,
        max_pitch=settings.enrol_max_pitch,
        max_roll=settings.enrol_max_roll,
        other_face=settings.enrol_other_face,
    )
    return Gatekeeper(vision, limits)

"""The protobuf messages that event files are made of, and those inside their payloads.

The messages are described here, field by field, rather than taken from tensorboardX or
tensorboard: the first leaves out fields (unsigned tensors, the hparams experiment), the second is
large, and both register their names in protobuf's global pool, where two definitions of one name
collide. These live in a pool of their own, and `tests/eventfile/test_messages.py` compares them
with TensorBoard's.

Messages are ordinary protobuf classes::

    event = messages.Event.FromString(record)
"""

from __future__ import annotations

import copyreg
from typing import Any

from tbtools.eventfile.message_classes import message_classes

# Enums are read as int32: on the wire they are the same, and values that a newer writer invents
# pass through.
_SCHEMA = """
Event
  1 double wall_time
  2 int64 step
  3 string file_version | what
  4 bytes graph_def | what
  5 Summary summary | what
  6 LogMessage log_message | what
  7 SessionLog session_log | what
  8 TaggedRunMetadata tagged_run_metadata | what
  9 bytes meta_graph_def | what
  10 SourceMetadata source_metadata

SourceMetadata
  1 string writer

LogMessage
  1 int32 level
  2 string message

SessionLog
  1 int32 status
  2 string checkpoint_path
  3 string msg

TaggedRunMetadata
  1 string tag
  2 bytes run_metadata

Summary
  1 Value* value

Value
  1 string tag
  2 float simple_value | value
  3 bytes obsolete_old_style_histogram | value
  4 Image image | value
  5 HistogramProto histo | value
  6 Audio audio | value
  7 string node_name
  8 TensorProto tensor | value
  9 SummaryMetadata metadata

Image
  1 int32 height
  2 int32 width
  3 int32 colorspace
  4 bytes encoded_image_string

Audio
  1 float sample_rate
  2 int64 num_channels
  3 int64 length_frames
  4 bytes encoded_audio_string
  5 string content_type

HistogramProto
  1 double min
  2 double max
  3 double num
  4 double sum
  5 double sum_squares
  6 double* bucket_limit
  7 double* bucket

SummaryMetadata
  1 PluginData plugin_data
  2 string display_name
  3 string summary_description
  4 int32 data_class

PluginData
  1 string plugin_name
  2 bytes content

TensorProto
  1 int32 dtype
  2 TensorShapeProto tensor_shape
  3 int32 version_number
  4 bytes tensor_content
  5 float* float_val
  6 double* double_val
  7 int32* int_val
  8 bytes* string_val
  9 float* scomplex_val
  10 int64* int64_val
  11 bool* bool_val
  12 double* dcomplex_val
  13 int32* half_val
  16 uint32* uint32_val
  17 uint64* uint64_val

TensorShapeProto
  2 Dim* dim
  3 bool unknown_rank

Dim
  1 int64 size
  2 string name

ScanEvent
  1 double wall_time
  2 int64 step
  3 bytes file_version | what
  4 bytes graph_def | what
  5 ScanSummary summary | what
  6 bytes log_message | what
  7 ScanSessionLog session_log | what
  8 bytes tagged_run_metadata | what
  9 bytes meta_graph_def | what

ScanSessionLog
  1 int32 status

ScanSummary
  1 bytes* value

ScanValue
  1 bytes tag
  2 float simple_value | value
  3 bytes obsolete_old_style_histogram | value
  4 bytes image | value
  5 bytes histo | value
  6 bytes audio | value
  8 bytes tensor | value
  9 ScanMetadata metadata

ScanTensor
  1 int32 dtype
  2 ScanShape tensor_shape
  4 bytes tensor_content
  5 float* float_val
  6 double* double_val
  7 int32* int_val
  10 int64* int64_val
  11 bool* bool_val
  13 int32* half_val
  16 uint32* uint32_val
  17 uint64* uint64_val

ScanShape
  2 ScanDim* dim
  3 bool unknown_rank

ScanDim
  1 int64 size

ScanMetadata
  1 ScanPluginData plugin_data

ScanPluginData
  1 bytes plugin_name

HParamsPluginData
  1 int32 version
  2 HParamsExperiment experiment | data
  3 SessionStartInfo session_start_info | data
  4 SessionEndInfo session_end_info | data

HParamsExperiment
  1 string description
  2 string user
  3 double time_created_secs
  4 HParamInfo* hparam_infos
  5 MetricInfo* metric_infos
  6 string name

HParamInfo
  1 string name
  2 string display_name
  3 string description
  4 int32 type
  5 ListValue domain_discrete | domain
  6 Interval domain_interval | domain
  7 bool differs

Interval
  1 double min_value
  2 double max_value

MetricInfo
  1 MetricName name
  3 string display_name
  4 string description
  5 int32 dataset_type

MetricName
  1 string group
  2 string tag

SessionStartInfo
  1 map<string,JsonValue> hparams
  2 string model_uri
  3 string monitor_url
  4 string group_name
  5 double start_time_secs

SessionEndInfo
  1 int32 status
  2 double end_time_secs

JsonValue
  1 int32 null_value | kind
  2 double number_value | kind
  3 string string_value | kind
  4 bool bool_value | kind
  5 Struct struct_value | kind
  6 ListValue list_value | kind

Struct
  1 map<string,JsonValue> fields

ListValue
  1 JsonValue* values

Layout
  1 int32 version
  2 Category* category

Category
  1 string title
  2 Chart* chart
  3 bool closed

Chart
  1 string title
  2 MultilineChartContent multiline | content
  3 MarginChartContent margin | content

MultilineChartContent
  1 string* tag

MarginChartContent
  1 MarginSeries* series

MarginSeries
  1 string value
  2 string lower
  3 string upper

PrCurvePluginData
  1 int32 version
  2 uint32 num_thresholds

MeshPluginData
  1 int32 version
  2 string name
  3 int32 content_type
  5 string json_config
  6 int32* shape
  7 uint32 components

ProjectorConfig
  1 string model_checkpoint_path
  2 EmbeddingInfo* embeddings
  3 string model_checkpoint_dir

EmbeddingInfo
  1 string tensor_name
  2 string metadata_path
  3 string bookmarks_path
  4 uint32* tensor_shape
  5 SpriteMetadata sprite
  6 string tensor_path

SpriteMetadata
  1 string image_path
  2 uint32* single_image_dim

GraphDef
  1 NodeDef* node
  2 FunctionDefLibrary library
  3 int32 version
  4 VersionDef versions

VersionDef
  1 int32 producer
  2 int32 min_consumer
  3 int32* bad_consumers

NodeDef
  1 string name
  2 string op
  3 string* input
  4 string device
  5 map<string,AttrValue> attr

AttrValue
  1 AttrListValue list | value
  2 bytes s | value
  3 int64 i | value
  4 float f | value
  5 bool b | value
  6 int32 type | value
  7 TensorShapeProto shape | value
  8 TensorProto tensor | value
  9 string placeholder | value
  10 NameAttrList func | value

AttrListValue
  2 bytes* s
  3 int64* i
  4 float* f
  5 bool* b
  6 int32* type
  7 TensorShapeProto* shape
  8 TensorProto* tensor
  9 NameAttrList* func

NameAttrList
  1 string name
  2 map<string,AttrValue> attr

FunctionDefLibrary
  1 FunctionDef* function
  2 GradientDef* gradient

FunctionDef
  1 OpDef signature
  3 NodeDef* node_def
  4 map<string,string> ret
  5 map<string,AttrValue> attr

OpDef
  1 string name

GradientDef
  1 string function_name
  2 string gradient_func

MetaGraphDef
  2 GraphDef graph_def

RunMetadata
  1 StepStats step_stats
  3 GraphDef* partition_graphs

StepStats
  1 DeviceStepStats* dev_stats

DeviceStepStats
  1 string device
  2 NodeExecStats* node_stats

NodeExecStats
  1 string node_name
  2 int64 all_start_micros
  3 int64 op_start_rel_micros
  4 int64 op_end_rel_micros
  5 int64 all_end_rel_micros
  6 AllocatorMemoryUsed* memory
  8 string timeline_label
  9 int64 scheduled_micros
  10 uint32 thread_id

AllocatorMemoryUsed
  1 string allocator_name
  2 int64 total_bytes
  3 int64 peak_bytes
"""

_CLASSES = message_classes(_SCHEMA)


def _parsed(name: str, data: bytes) -> Any:
    return _CLASSES[name].FromString(data)


def _reduced(message: Any) -> tuple[Any, ...]:
    """For pickle, which finds no class that lies in a pool of its own."""
    return _parsed, (message.DESCRIPTOR.name, message.SerializeToString())


for _each in _CLASSES.values():
    copyreg.pickle(_each, _reduced)

Event: Any = _CLASSES["Event"]
SessionLog: Any = _CLASSES["SessionLog"]
TaggedRunMetadata: Any = _CLASSES["TaggedRunMetadata"]
Summary: Any = _CLASSES["Summary"]
Value: Any = _CLASSES["Value"]
HistogramProto: Any = _CLASSES["HistogramProto"]
SummaryMetadata: Any = _CLASSES["SummaryMetadata"]
TensorProto: Any = _CLASSES["TensorProto"]
HParamsPluginData: Any = _CLASSES["HParamsPluginData"]
JsonValue: Any = _CLASSES["JsonValue"]
Layout: Any = _CLASSES["Layout"]
PrCurvePluginData: Any = _CLASSES["PrCurvePluginData"]
MeshPluginData: Any = _CLASSES["MeshPluginData"]
ProjectorConfig: Any = _CLASSES["ProjectorConfig"]
GraphDef: Any = _CLASSES["GraphDef"]
MetaGraphDef: Any = _CLASSES["MetaGraphDef"]
RunMetadata: Any = _CLASSES["RunMetadata"]

# What the scan needs of an event and no more: payloads stay bytes, so that a damaged picture does
# not hide the event it came with, and strings stay bytes, for writers in C++ do not check UTF-8.
ScanEvent: Any = _CLASSES["ScanEvent"]
ScanValue: Any = _CLASSES["ScanValue"]
ScanTensor: Any = _CLASSES["ScanTensor"]

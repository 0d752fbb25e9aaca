-- Tables of Flink SQL over the results of a job with publish.format=json.
-- FlinkSqlTables, among the tests of the module schemas, writes this file from the schemas.
-- A time is milliseconds since 1970-01-01T00:00Z; a digest is text of 16 hexadecimal digits.

CREATE TABLE metrics (
  modelId STRING,
  `sequence` BIGINT,
  `attempt` BIGINT,
  `timestamp` BIGINT,
  modelVersion BIGINT,
  examplesSeen BIGINT,
  `audit` ROW<`accepted` ROW<`count` BIGINT, `digest` STRING>, `unlabelled` ROW<`count` BIGINT, `digest` STRING>, `ignored` ROW<`count` BIGINT, `digest` STRING>, deadLetters ROW<`count` BIGINT, `digest` STRING>>,
  ignoredByReason MAP<STRING, BIGINT>,
  deadLettersByReason MAP<STRING, BIGINT>,
  `offsets` ARRAY<ROW<`topic` STRING, `partition` INT, `offset` BIGINT>>,
  windowSize INT,
  `rolling` ROW<`examples` BIGINT, `weight` DOUBLE, `loss` DOUBLE, `accuracy` DOUBLE, noChangeAccuracy DOUBLE, majorityAccuracy DOUBLE, `kappa` DOUBLE, kappaTemporal DOUBLE, kappaM DOUBLE, balancedAccuracy DOUBLE, topKAccuracy DOUBLE, brierScore DOUBLE, meanConfidence DOUBLE, calibrationError DOUBLE>,
  `prequential` ROW<`examples` BIGINT, `weight` DOUBLE, `loss` DOUBLE, `accuracy` DOUBLE, noChangeAccuracy DOUBLE, majorityAccuracy DOUBLE, `kappa` DOUBLE, kappaTemporal DOUBLE, kappaM DOUBLE, balancedAccuracy DOUBLE, topKAccuracy DOUBLE, brierScore DOUBLE, meanConfidence DOUBLE, calibrationError DOUBLE>,
  learningRate DOUBLE,
  skippedSteps BIGINT,
  `experts` ARRAY<ROW<`name` STRING, learningRate DOUBLE, `weight` DOUBLE, `restarts` BIGINT, stackWeight DOUBLE, correctionWeight DOUBLE, `loss` DOUBLE>>,
  rollBacks BIGINT,
  `fading` ROW<`examples` BIGINT, `weight` DOUBLE, `loss` DOUBLE, `accuracy` DOUBLE, noChangeAccuracy DOUBLE, majorityAccuracy DOUBLE, `kappa` DOUBLE, kappaTemporal DOUBLE, kappaM DOUBLE, balancedAccuracy DOUBLE, topKAccuracy DOUBLE, brierScore DOUBLE, meanConfidence DOUBLE, calibrationError DOUBLE>,
  fadingFactor DOUBLE,
  topK INT,
  runningLoss DOUBLE,
  runningLossMiniBatches INT,
  runningLosses ARRAY<ROW<miniBatches BIGINT, `loss` DOUBLE>>,
  `classes` ARRAY<ROW<classIndex INT, `name` STRING, `rolling` ROW<`labels` BIGINT, `predictions` BIGINT, `hits` BIGINT, `precision` DOUBLE, `recall` DOUBLE, f1 DOUBLE>, `prequential` ROW<`labels` BIGINT, `predictions` BIGINT, `hits` BIGINT, `precision` DOUBLE, `recall` DOUBLE, f1 DOUBLE>>>,
  otherClasses INT,
  `confusion` ROW<`cells` ARRAY<ROW<`label` INT, `predicted` INT, `count` BIGINT>>, otherCells BIGINT, otherExamples BIGINT>,
  `calibration` ARRAY<ROW<`lower` DOUBLE, `upper` DOUBLE, `examples` BIGINT, meanConfidence DOUBLE, `accuracy` DOUBLE>>,
  expectedAccuracy DOUBLE,
  expectedAccuracyEvents BIGINT,
  gradientNorm DOUBLE,
  parameterNorm DOUBLE,
  toldAt BIGINT,
  `throughput` DOUBLE,
  eventTimeLag BIGINT,
  `drifts` BIGINT,
  `detectors` ARRAY<ROW<`name` STRING, `signal` STRING, `status` STRING, `statistic` DOUBLE, `threshold` DOUBLE, `drifts` BIGINT>>,
  `job` STRING,
  `epoch` BIGINT,
  `partitions` ARRAY<ROW<`topic` STRING, topicId STRING, `partition` INT, firstOffset BIGINT, lastOffset BIGINT, `read` ROW<`count` BIGINT, `digest` STRING>>>,
  clippedValues BIGINT,
  `clipped` ARRAY<ROW<`feature` INT, `count` BIGINT>>,
  missingValues BIGINT,
  `missing` ARRAY<ROW<`feature` INT, `count` BIGINT>>,
  roundedValues BIGINT,
  `rounded` ARRAY<ROW<`feature` INT, `count` BIGINT>>,
  `columns` INT,
  `combinations` ARRAY<ROW<`name` STRING, `weight` DOUBLE, `loss` DOUBLE>>,
  `device` STRING,
  emitted AS TO_TIMESTAMP_LTZ(toldAt, 3)
) WITH (
  'connector' = 'kafka',
  'topic' = 'metrics',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json'
);

CREATE TABLE drift_alerts (
  modelId STRING,
  `sequence` BIGINT,
  `timestamp` BIGINT,
  `detector` STRING,
  examplesSeen BIGINT,
  modelVersion BIGINT,
  `statistic` DOUBLE,
  `threshold` DOUBLE,
  `signal` STRING,
  warningExamplesSeen BIGINT,
  `before` ROW<`examples` BIGINT, `offsets` ARRAY<ROW<`topic` STRING, `partition` INT, firstOffset BIGINT, lastOffset BIGINT>>, firstTimestamp BIGINT, lastTimestamp BIGINT, `loss` DOUBLE, `accuracy` DOUBLE>,
  `after` ROW<`examples` BIGINT, `offsets` ARRAY<ROW<`topic` STRING, `partition` INT, firstOffset BIGINT, lastOffset BIGINT>>, firstTimestamp BIGINT, lastTimestamp BIGINT, `loss` DOUBLE, `accuracy` DOUBLE>,
  `classes` ARRAY<ROW<classIndex INT, `name` STRING, labelsBefore BIGINT, labelsAfter BIGINT, recallBefore DOUBLE, recallAfter DOUBLE, lossBefore DOUBLE, lossAfter DOUBLE>>,
  `reaction` STRING,
  `job` STRING,
  `epoch` BIGINT,
  eventTime AS TO_TIMESTAMP_LTZ(`timestamp`, 3)
) WITH (
  'connector' = 'kafka',
  'topic' = 'drift-alerts',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json'
);

CREATE TABLE predictions (
  modelId STRING,
  `id` STRING,
  `timestamp` BIGINT,
  `source` ROW<`topic` STRING, `partition` INT, `offset` BIGINT>,
  modelVersion BIGINT,
  predictedClass INT,
  predictedLabel STRING,
  `probabilities` ARRAY<FLOAT>,
  `job` STRING,
  `epoch` BIGINT,
  `classes` ARRAY<STRING>,
  `entropy` DOUBLE,
  examplesSeen BIGINT,
  `label` STRING,
  `loss` DOUBLE,
  eventTime AS TO_TIMESTAMP_LTZ(`timestamp`, 3)
) WITH (
  'connector' = 'kafka',
  'topic' = 'predictions',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json'
);

CREATE TABLE dead_letters (
  `topic` STRING,
  `partition` INT,
  `offset` BIGINT,
  `timestamp` BIGINT,
  `key` BYTES,
  `value` BYTES,
  `headers` ARRAY<ROW<`key` STRING, `value` BYTES>>,
  modelId STRING,
  `reason` STRING,
  `detail` STRING,
  `job` STRING,
  `epoch` BIGINT,
  eventTime AS TO_TIMESTAMP_LTZ(`timestamp`, 3)
) WITH (
  'connector' = 'kafka',
  'topic' = 'dead-letters',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json'
);

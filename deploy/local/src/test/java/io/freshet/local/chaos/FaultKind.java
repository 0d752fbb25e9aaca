package io.freshet.local.chaos;

import io.freshet.config.Key;
import io.freshet.local.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A kind of fault. */
enum FaultKind {
    KILL_TASKMANAGER {
        @Override
        ActiveFault begin(Testbed bed, Choices choices) throws Exception {
            return kill(bed, taskManager(bed, choices), choices);
        }
    },
    KILL_JOBMANAGER {
        @Override
        ActiveFault begin(Testbed bed, Choices choices) throws Exception {
            return kill(bed, jobManager(bed, choices), choices);
        }
    },
    KILL_BROKER {
        @Override
        ActiveFault begin(Testbed bed, Choices choices) throws Exception {
            ChaosBroker broker = choices.one(bed.kafka().brokers(), ChaosBroker::name);
            broker.process().signal("KILL");
            return restartLater(broker, choices);
        }
    },
    /** Longer than the heartbeat: Flink replaces it, and then it wakes up as a zombie. */
    PAUSE_TASKMANAGER {
        @Override
        ActiveFault begin(Testbed bed, Choices choices) throws Exception {
            return pause(taskManager(bed, choices), 6, 14, choices);
        }
    },
    /** Longer than its session with ZooKeeper, and shorter or longer than the job's lease. */
    PAUSE_JOBMANAGER {
        @Override
        ActiveFault begin(Testbed bed, Choices choices) throws Exception {
            return pause(jobManager(bed, choices), 6, 20, choices);
        }
    },
    PAUSE_BROKER {
        @Override
        ActiveFault begin(Testbed bed, Choices choices) throws Exception {
            ChaosBroker broker = choices.one(bed.kafka().brokers(), ChaosBroker::name);
            broker.process().signal("STOP");
            return new ActiveFault(
                    broker.name(), choices.seconds(4, 14), () -> broker.process().signal("CONT"));
        }
    },
    BOUNCE_BROKER {
        @Override
        ActiveFault begin(Testbed bed, Choices choices) throws Exception {
            ChaosBroker broker = choices.one(bed.kafka().brokers(), ChaosBroker::name);
            broker.process().signal("TERM");
            return new ActiveFault(
                    broker.name(),
                    Duration.ZERO,
                    () -> {
                        broker.process().awaitExit();
                        broker.restart();
                        broker.await();
                    });
        }
    },
    /** Between the job and some or all brokers, with a reset or in silence. */
    CUT_NETWORK {
        @Override
        ActiveFault begin(Testbed bed, Choices choices) {
            List<ChaosBroker> cut = choices.some(bed.kafka().brokers());
            boolean resets = choices.coin();
            cut.forEach(
                    broker -> {
                        if (resets) {
                            broker.proxy().reset();
                        } else {
                            broker.proxy().silence();
                        }
                    });
            return new ActiveFault(
                    (resets ? "reset" : "silent")
                            + " to "
                            + String.join(", ", cut.stream().map(ChaosBroker::name).toList()),
                    choices.seconds(3, 15),
                    () -> cut.forEach(broker -> broker.proxy().heal()));
        }
    },
    /** Files of checkpoints break off while the TaskManagers write them. */
    FULL_DISK {
        @Override
        ActiveFault begin(Testbed bed, Choices choices) throws Exception {
            List<JavaProcess> processes =
                    bed.flink().taskManagers().stream().map(ChaosFlink.Node::process).toList();
            limitFileSize(processes, Integer.toString(FULL_DISK_BYTES));
            return new ActiveFault(
                    "all TaskManagers",
                    choices.seconds(3, 12),
                    () -> limitFileSize(processes, "unlimited"));
        }
    },
    /** The checkpoints' directory is not there, and cannot be created. */
    UNWRITABLE_CHECKPOINTS {
        @Override
        ActiveFault begin(Testbed bed, Choices choices) throws Exception {
            Path directory = bed.flink().checkpoints();
            Path aside = directory.resolveSibling(directory.getFileName() + "-aside");
            Files.move(directory, aside);
            Files.createFile(directory);
            return new ActiveFault(
                    "no directory",
                    choices.seconds(3, 12),
                    () -> {
                        Files.delete(directory);
                        Files.move(aside, directory);
                    });
        }
    },
    /** Stop with a savepoint under load, and start from it. */
    SAVEPOINT_RESTART {
        @Override
        ActiveFault begin(Testbed bed, Choices choices) {
            return bed.job().beginSavepointRestart();
        }
    };

    private static final int MAX_DOWN_SECONDS = 6;

    /** Less than any file of a checkpoint: Flink keeps smaller state in the metadata. */
    private static final int FULL_DISK_BYTES = 16 << 10;

    /**
     * Causes the fault.
     *
     * @param choices source of every choice
     */
    abstract ActiveFault begin(Testbed bed, Choices choices) throws Exception;

    /** Returns the name on the command line. */
    String text() {
        return Key.kebab(this);
    }

    /** Returns a TaskManager that runs the job, or another one if those have a fault already. */
    private static ChaosFlink.Node taskManager(Testbed bed, Choices choices) {
        List<ChaosFlink.Node> busy = bed.flink().busyTaskManagers();
        boolean isFree = busy.stream().anyMatch(node -> !choices.isChosen(node.name()));
        return choices.one(isFree ? busy : bed.flink().taskManagers(), ChaosFlink.Node::name);
    }

    /** Returns the leading JobManager, or the other one if that has a fault already. */
    private static ChaosFlink.Node jobManager(Testbed bed, Choices choices) {
        ChaosFlink.Node leading = bed.flink().leadingJobManager();
        if (choices.isChosen(leading.name())) {
            return choices.one(bed.flink().jobManagers(), ChaosFlink.Node::name);
        }
        return choices.one(List.of(leading), ChaosFlink.Node::name);
    }

    /** Limits the size of files of those processes that are alive. */
    private static void limitFileSize(List<JavaProcess> processes, String bytes)
            throws IOException, InterruptedException {
        for (JavaProcess process : processes) {
            if (process.isAlive()) {
                process.limitFileSize(bytes);
            }
        }
    }

    private static ActiveFault kill(Testbed bed, ChaosFlink.Node node, Choices choices)
            throws IOException, InterruptedException {
        node.process().signal("KILL");
        return new ActiveFault(
                node.name(),
                choices.seconds(0, MAX_DOWN_SECONDS),
                () -> {
                    node.process().awaitExit();
                    bed.flink().restart(node);
                });
    }

    private static ActiveFault restartLater(ChaosBroker broker, Choices choices) {
        return new ActiveFault(
                broker.name(),
                choices.seconds(0, MAX_DOWN_SECONDS),
                () -> {
                    broker.process().awaitExit();
                    broker.restart();
                    broker.await();
                });
    }

    private static ActiveFault pause(ChaosFlink.Node node, int from, int to, Choices choices)
            throws IOException, InterruptedException {
        node.process().signal("STOP");
        return new ActiveFault(
                node.name(), choices.seconds(from, to), () -> node.process().signal("CONT"));
    }
}

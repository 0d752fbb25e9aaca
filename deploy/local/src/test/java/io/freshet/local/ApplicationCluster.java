package io.freshet.local;

import java.io.File;
import java.util.Arrays;
import org.apache.flink.client.deployment.application.ApplicationClusterEntryPoint;
import org.apache.flink.client.program.DefaultPackagedProgramRetriever;
import org.apache.flink.client.program.PackagedProgram;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.runtime.entrypoint.ClusterEntrypoint;
import org.apache.flink.runtime.resourcemanager.StandaloneResourceManagerFactory;

/**
 * JobManager in application mode: it runs the main method of a job's jar, and the job.
 *
 * <p>It stands for StandaloneApplicationClusterEntryPoint of Flink's distribution, whose jar is not
 * on Maven Central.
 */
@SuppressWarnings("try") // close() of the superclass declares InterruptedException
final class ApplicationCluster extends ApplicationClusterEntryPoint {
    private ApplicationCluster(Configuration flink, PackagedProgram program) {
        super(flink, program, StandaloneResourceManagerFactory.getInstance());
    }

    /** Starts it. Arguments: directory of Flink's configuration, jar, arguments of the job. */
    public static void main(String[] args) throws Exception {
        Configuration flink = GlobalConfiguration.loadConfiguration(args[0]);
        PackagedProgram program =
                DefaultPackagedProgramRetriever.create(
                                null,
                                new File(args[1]),
                                null,
                                Arrays.copyOfRange(args, 2, args.length),
                                flink)
                        .getPackagedProgram();
        configureExecution(flink, program);
        ClusterEntrypoint.runClusterEntrypoint(new ApplicationCluster(flink, program));
    }
}

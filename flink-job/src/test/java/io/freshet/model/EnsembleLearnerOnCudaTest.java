package io.freshet.model;

import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestEngine.class)
class EnsembleLearnerOnCudaTest extends EnsembleLearnerTest {}

import { Controller, HttpCode, Param, Post, Query, Req, Res, Version, VERSION_NEUTRAL } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequireScope } from '../../auth/route-access';
import { ApiPredict, ApiPredictBatch } from './predict.openapi';
import { VersionPath, ModelPath } from '../../http/model-ref.dto';
import { PathPredictQuery, PredictQuery } from './predict.dto';
import { PredictionService, type Answer } from '../../serving/prediction.service';
import { questionOf } from '../../serving/question-of';
import { PredictionReport } from './prediction-report';
import { TaskDialects } from './task-dialect';
import { oneTopK } from '../../inputs/asked';
import { BodyReceiver } from '../../inputs/receive';

@RequireScope('predict')
@Controller({ version: '1' })
export class PredictController {
  constructor(
    private readonly predictions: PredictionService,
    private readonly bodies: BodyReceiver,
    private readonly tasks: TaskDialects,
    private readonly report: PredictionReport,
  ) {}

  @Post('predict')
  @Version(['1', VERSION_NEUTRAL])
  @HttpCode(200)
  @ApiPredict()
  predict(@Req() req: Request, @Res() res: Response, @Query() query: PredictQuery) {
    return this.one(req, res, query);
  }

  @Post('models/:model/predict')
  @HttpCode(200)
  @ApiPredict()
  predictByModel(
    @Req() req: Request,
    @Res() res: Response,
    @Param() _path: ModelPath,
    @Query() query: PathPredictQuery,
  ) {
    return this.one(req, res, query);
  }

  @Post('models/:model/versions/:version/predict')
  @HttpCode(200)
  @ApiPredict()
  predictByVersion(
    @Req() req: Request,
    @Res() res: Response,
    @Param() _path: VersionPath,
    @Query() query: PathPredictQuery,
  ) {
    return this.one(req, res, query);
  }

  @Post('predict/batch')
  @Version(['1', VERSION_NEUTRAL])
  @HttpCode(200)
  @ApiPredictBatch()
  async predictBatch(@Req() req: Request, @Res() res: Response, @Query() query: PredictQuery): Promise<void> {
    const { sources, topK } = await this.bodies.receiveMany(req);
    const question = questionOf(res, oneTopK(query.top_k, topK));
    const interpret = this.tasks.interpret(question);
    const present = (answer: Answer) => this.report.item(answer);
    const answered = await this.predictions.predictMany(sources, interpret, question, present);
    await this.report.writeBatch(res, sources, answered);
  }

  /** Whom it asks is in its permit. */
  private async one(req: Request, res: Response, { top_k }: PathPredictQuery): Promise<void> {
    const { source, topK } = await this.bodies.receiveOne(req);
    const question = questionOf(res, oneTopK(top_k, topK));
    const body = await this.predictions.predict(source, this.tasks.interpret(question), question, (answer) =>
      this.report.single(res, answer),
    );
    await this.report.write(res, body);
  }
}
